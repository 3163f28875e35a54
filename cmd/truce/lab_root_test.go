//go:build root && linux

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// lan is a bridge in a namespace of its own: hosts on it reach one another and
// nothing else.
type lan struct {
	t      *testing.T
	name   string
	hosts  int
	binary string
}

func newLAN(t *testing.T) *lan {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	l := &lan{t: t, name: fmt.Sprintf("tl%d", os.Getpid()), binary: path}
	l.bridge()
	return l
}

// bridge makes the LAN, in a namespace of its own.
func (l *lan) bridge() {
	l.t.Helper()
	l.ip("netns", "add", l.name)
	l.t.Cleanup(func() { exec.Command("ip", "netns", "del", l.name).Run() })
	l.ip("-n", l.name, "link", "add", "name", "lan", "type", "bridge")
	l.ip("-n", l.name, "link", "set", "lan", "up")
}

func (l *lan) ip(args ...string) {
	l.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		l.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// machine is a host on the LAN with one home.
type machine struct {
	*lan
	name string // of the person, and in the namespace's name
	ns   string
	home string
	env  []string // of its processes, besides the test's own
	run  []string // flags of its node
	node *exec.Cmd

	at    string // its address, of a public one
	moves int    // how often it was plugged in elsewhere
}

// plug adds a machine. Its cable is in, but it has no address yet.
func (l *lan) plug(name string) *machine {
	l.t.Helper()
	l.hosts++
	m := &machine{lan: l, name: name, ns: l.name + name, home: filepath.Join(l.t.TempDir(), name)}
	l.ip("netns", "add", m.ns)
	l.t.Cleanup(func() {
		m.kill()
		exec.Command("ip", "netns", "del", m.ns).Run()
	})
	port := fmt.Sprintf("p%d", l.hosts)
	l.ip("-n", l.name, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", m.ns)
	l.ip("-n", l.name, "link", "set", port, "master", "lan", "up")
	l.ip("-n", m.ns, "link", "set", "lo", "up")
	l.ip("-n", m.ns, "link", "set", "eth0", "up")
	return m
}

// address gives the machine the address and takes those it had.
func (m *machine) address(addr string) {
	m.t.Helper()
	m.ip("-n", m.ns, "addr", "flush", "dev", "eth0", "scope", "global")
	m.ip("-n", m.ns, "addr", "add", addr+"/24", "dev", "eth0")
}

// start runs the node and waits until it is ready.
func (m *machine) start() {
	m.t.Helper()
	m.node = m.command(append([]string{"run", "--name", m.name}, m.run...)...)
	out, err := m.node.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	log, err := os.OpenFile(m.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	m.node.Stderr = log
	if err := m.node.Start(); err != nil {
		m.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, `"ready"`) {
		m.t.Fatalf("%s is not ready: %q, %v, %s", m.name, line, err, m.logTail(10))
	}
	go io.Copy(io.Discard, out)
}

// log is the file with what the node said on standard error.
func (m *machine) log() string { return m.home + ".log" }

func (m *machine) logTail(lines int) string {
	b, err := os.ReadFile(m.log())
	if err != nil {
		return err.Error()
	}
	list := strings.SplitAfter(string(b), "\n")
	list = list[max(0, len(list)-1-lines):]
	for i, line := range list {
		list[i] = fmt.Sprintf("%.300s\n", strings.TrimSuffix(line, "\n"))
	}
	return strings.Join(list, "")
}

func (m *machine) kill() {
	if m.node != nil {
		m.node.Process.Kill()
		m.node.Wait()
		m.node = nil
	}
}

func (m *machine) stop() {
	m.t.Helper()
	m.must("stop")
	if err := m.node.Wait(); err != nil {
		m.t.Errorf("%s did not stop cleanly: %v", m.name, err)
	}
	m.node = nil
}

func (m *machine) command(args ...string) *exec.Cmd {
	full := append([]string{"netns", "exec", m.ns, m.binary, "--home", m.home, "--json"}, args...)
	cmd := exec.Command("ip", full...)
	cmd.Env = append(os.Environ(), m.env...)
	return cmd
}

// row is one line of a command's result.
type row struct {
	ID, Text, State, Link, Name, Why    string
	Peer                                string `json:"peer_id"`
	Account, Presence, Status           string
	Direction, Via, Check, Detail, Addr string
	Deleted                             bool
	Reactions                           map[string][]string // accounts by emoji
}

// do runs a command, and returns its exit status with what it printed.
func (m *machine) do(args ...string) (rows []row, status int, diagnostics string) {
	m.t.Helper()
	cmd := m.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		m.t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			m.t.Fatalf("%v printed %q: %v", args, line, err)
		}
		rows = append(rows, r)
	}
	return rows, status, errs.String()
}

func (m *machine) must(args ...string) []row {
	m.t.Helper()
	rows, status, diagnostics := m.do(args...)
	if status != 0 {
		m.t.Fatalf("%s: %v: exit %d: %s", m.name, args, status, diagnostics)
	}
	return rows
}

// until repeats a question until the answer holds. The program has no command
// that waits for a contact, so this one asks again.
func (m *machine) until(what string, limit time.Duration, ok func() bool) time.Duration {
	m.t.Helper()
	begin := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(begin) > limit {
			m.t.Fatalf("%s: not within %v: %s", m.name, limit, what)
		}
		<-tick.C
	}
	return time.Since(begin)
}

// link is what the person passes by hand: without any address.
func (m *machine) link() string {
	m.t.Helper()
	text, _, _ := strings.Cut(m.must("link")[0].Link, "&a=")
	return text
}

// befriend makes contacts of two running machines that only know a link, within ten
// seconds or as long as is said.
func befriend(a, b *machine, patience ...time.Duration) {
	a.t.Helper()
	wait := slices.Max(append(patience, 10*time.Second))
	a.must("add", b.link(), "--note", "it is me")
	b.until("the request arrives", wait, func() bool { return len(b.must("requests")) == 1 })
	b.must("accept", a.name)
	a.until("accepted", wait, func() bool {
		return slices.ContainsFunc(a.must("contacts"), func(r row) bool { return r.Name == b.name && r.State == "accepted" })
	})
}

func history(m, of *machine) (list []row) {
	m.t.Helper()
	return m.must("history", of.name, "-n", "100000")
}
