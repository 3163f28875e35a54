package node_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/keyfile"
	"github.com/truce-im/truce/storage/storagetest"
)

// What a node costs as a process is measured on this test binary, run again as
// one: the same for the node and for the bare host beside it.

// processHome tells TestProcess which home to open; bareProcess: none, but a
// bare libp2p host.
const (
	processHome = "TRUCE_TEST_PROCESS_HOME"
	bareProcess = "-"
)

// TestProcess is the other process of the benchmarks below. It says where it
// listens and ends with its standard input.
func TestProcess(t *testing.T) {
	home := os.Getenv(processHome)
	if home == "" {
		t.Skip("only as the other process of a benchmark")
	}
	var addrs []string
	if home == bareProcess {
		h := bareHost(t)
		defer h.Close()
		for _, a := range h.Addrs() {
			addrs = append(addrs, a.String()+"/p2p/"+h.ID().String())
		}
	} else {
		n := start(t, home, "")
		defer n.Close()
		addrs = n.Addrs()
	}
	fmt.Println("ready", strings.Join(addrs, " "))
	io.Copy(io.Discard, os.Stdin)
}

// process is such a process.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	addrs []string
}

func startProcess(b *testing.B, home string) *process {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$")
	cmd.Env = append(os.Environ(), processHome+"="+home)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	fields := strings.Fields(line)
	if err != nil || len(fields) < 2 || fields[0] != "ready" {
		p.stop()
		b.Fatalf("the process says %q, error %v", line, err)
	}
	p.addrs = fields[1:]
	return p
}

func (p *process) stop() {
	p.stdin.Close()
	p.cmd.Wait()
}

// BenchmarkStart is the start of a process until it listens, with a million
// messages in its home, beside that of a bare host.
func BenchmarkStart(b *testing.B) {
	home := filepath.Join(b.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		b.Fatal(err)
	}
	key, err := (*keyfile.Lock)(nil).Seal(keyfile.Data, storagetest.Key)
	if err == nil {
		err = os.WriteFile(filepath.Join(home, "data.key"), key, 0o600)
	}
	if err == nil {
		err = os.Rename(storagetest.Million(b), filepath.Join(home, "store.db"))
	}
	if err != nil {
		b.Fatal(err)
	}
	startProcess(b, home).stop() // so that what is done once is done
	var ours, bare samples
	for b.Loop() {
		for _, c := range []struct {
			home string
			took *samples
		}{{home, &ours}, {bareProcess, &bare}} {
			began := time.Now()
			p := startProcess(b, c.home)
			c.took.add(time.Since(began))
			p.stop()
		}
	}
	b.ReportMetric(ours.micros(50)/1000, "p50-ms")
	b.ReportMetric(bare.micros(50)/1000, "baseline-p50-ms")
	b.ReportMetric(ours.micros(50)/bare.micros(50), "ratio")
}

const idleTime = time.Minute

// BenchmarkIdle is what a process with so many connected contacts, all of them
// available, takes for a minute in which nobody does anything, beside a bare host
// with as many connections.
func BenchmarkIdle(b *testing.B) {
	for _, contacts := range []int{1, 10, 100, 300} {
		b.Run("truce/"+strconv.Itoa(contacts), func(b *testing.B) { idleNode(b, contacts) })
		b.Run("baseline/"+strconv.Itoa(contacts), func(b *testing.B) { idleHost(b, contacts) })
	}
}

func idleNode(b *testing.B, contacts int) {
	tcp := func(c *node.Config) { c.Listen = []string{loopbackTCP} }
	home := filepath.Join(b.TempDir(), "home")
	me := start(b, home, "Ann", tcp)
	var others []*node.Node
	for i := range contacts {
		others = append(others, start(b, filepath.Join(b.TempDir(), "home"), "Ben "+strconv.Itoa(i), tcp))
		befriend(b, me, others[i])
	}
	account := me.Chat().Account()
	me.Close()
	p := startProcess(b, home)
	defer p.stop()
	for _, n := range others {
		within(b, n, time.Minute, "they are connected", func() bool { return n.Chat().Online(account) })
	}
	p.idle(b)
}

func idleHost(b *testing.B, contacts int) {
	p := startProcess(b, bareProcess)
	defer p.stop()
	to, err := peer.AddrInfoFromString(p.addrs[0])
	if err != nil {
		b.Fatal(err)
	}
	for range contacts {
		var h corehost.Host = bareHost(b)
		defer h.Close()
		if err := h.Connect(b.Context(), *to); err != nil {
			b.Fatal(err)
		}
	}
	p.idle(b)
}

// idle watches the process for a while, once it has come to rest.
func (p *process) idle(b *testing.B) {
	time.Sleep(idleTime / 6)
	for b.Loop() {
		cpu, bytes := p.cpu(b), p.bytes(b)
		began := time.Now()
		time.Sleep(idleTime)
		took := time.Since(began)
		b.ReportMetric(100*float64(p.cpu(b)-cpu)/float64(took), "cpu-%")
		b.ReportMetric((p.bytes(b)-bytes)/took.Minutes(), "bytes/min")
		b.ReportMetric(p.field(b, "status", "VmRSS:")/1024, "rss-MiB")
		b.ReportMetric(p.field(b, "status", "RssAnon:")/1024, "anon-MiB")
	}
}

// bytes is what the process has read and written so far: of TCP above all.
func (p *process) bytes(b *testing.B) float64 {
	return p.field(b, "io", "rchar:") + p.field(b, "io", "wchar:")
}

// field returns the number after a word in a file of /proc.
func (p *process) field(b *testing.B, file, word string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	_, rest, _ := strings.Cut(string(text), word)
	fields := strings.Fields(rest)
	if err != nil || len(fields) == 0 {
		b.Fatalf("no %s in %s of the process: %v", word, file, err)
	}
	n, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// cpu is the time that all threads of the process have run.
func (p *process) cpu(b *testing.B) (sum time.Duration) {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		b.Fatalf("the threads of the process cannot be seen: %v", err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		run, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(run, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}
