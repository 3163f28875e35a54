package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/truce-im/truce/node/api/client"
)

// code N PROGRAM ARGS…: the program exits with status N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// field VAR PATH: sets VAR to a value in the last line of JSON on stdout; PATH
// is like message.id.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field VAR path")
	}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	var v any
	ts.Check(json.Unmarshal([]byte(lines[len(lines)-1]), &v))
	for _, name := range strings.Split(args[1], ".") {
		object, _ := v.(map[string]any)
		var ok bool
		if v, ok = object[name]; !ok {
			ts.Fatalf("there is no %s in %s", args[1], lines[len(lines)-1])
		}
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// node is a program in the background whose output can be waited for.
type node struct {
	cmd    *exec.Cmd
	errs   bytes.Buffer // standard error; read it after exited
	exited chan struct{}

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed by the next line, and at the end
}

type nodesKey struct{}

type nodes map[string]*node

func nodeOf(ts *testscript.TestScript, name string) *node {
	n := ts.Value(nodesKey{}).(nodes)[name]
	if n == nil {
		ts.Fatalf("no %s was started", name)
	}
	return n
}

// start NAME ARGS…: runs truce in the background and waits for its first line.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start name args...")
	}
	self, err := os.Executable()
	ts.Check(err)
	n := &node{cmd: exec.Command(self), exited: make(chan struct{}), more: make(chan struct{})}
	n.cmd.Args = append([]string{"truce"}, args[1:]...)
	n.cmd.Dir = ts.MkAbs(".")
	n.cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "TMPDIR=" + os.TempDir(), "TRUCE_BOOTSTRAP=" + ts.Getenv("TRUCE_BOOTSTRAP"), "GORACE=atexit_sleep_ms=0"}
	n.cmd.Stderr = &n.errs
	out, err := n.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(n.cmd.Start())
	ts.Value(nodesKey{}).(nodes)[args[0]] = n
	go func() {
		defer close(n.exited)
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			n.add(line)
			if err != nil {
				break
			}
		}
		n.cmd.Wait()
	}()
	ts.Defer(func() {
		n.cmd.Process.Kill()
		<-n.exited
	})
	n.await(ts, regexp.MustCompile(`\n`))
}

func (n *node) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
	close(n.more)
	n.more = make(chan struct{})
}

// await waits for a line that matches, and returns it.
func (n *node) await(ts *testscript.TestScript, re *regexp.Regexp) string {
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	for {
		n.mu.Lock()
		lines, more := n.lines, n.more
		n.mu.Unlock()
		for _, line := range lines {
			if re.MatchString(line) {
				return line
			}
		}
		select {
		case <-more:
		case <-n.exited:
			ts.Fatalf("it ended without %s; its output:\n%s%s", re, strings.Join(lines, ""), n.errs.String())
		case <-timeout.C:
			ts.Fatalf("no line %s in time; its output:\n%s", re, strings.Join(lines, ""))
		}
	}
}

// await NAME REGEXP: waits for a line of output, which becomes stdout.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await name regexp")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), nodeOf(ts, args[0]).await(ts, re))
}

// end NAME SIGNAL N: sends the signal, or none if it is -, and waits for the
// exit status N.
func end(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: end name INT|TERM|- status")
	}
	n := nodeOf(ts, args[0])
	if s, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[1]]; ok {
		ts.Check(n.cmd.Process.Signal(s))
	}
	select {
	case <-n.exited:
	case <-time.After(time.Minute):
		ts.Fatalf("%s does not end", args[0])
	}
	if got := strconv.Itoa(n.cmd.ProcessState.ExitCode()); got != args[2] {
		ts.Fatalf("%s exits with %s, want %s", args[0], got, args[2])
	}
}

// snapshot DIR VAR: sets VAR to a hash of all files under DIR, which need not
// exist.
func snapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: snapshot dir VAR")
	}
	ts.Setenv(args[1], hashOf(ts, args[0]))
}

// same DIR VAR: fails if a file under DIR has changed since the snapshot.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] same dir VAR")
	}
	if (hashOf(ts, args[0]) == ts.Getenv(args[1])) == neg {
		ts.Fatalf("%s: changed or not, against what was expected", args[0])
	}
}

func hashOf(ts *testscript.TestScript, dir string) string {
	h := sha256.New()
	err := filepath.WalkDir(ts.MkAbs(dir), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(h, path)
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		h.Write(b)
		return err
	})
	ts.Check(err)
	return hex.EncodeToString(h.Sum(nil))
}

// oneline: the last command wrote exactly one line to stderr, and that is a
// diagnostic.
func oneLine(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stderr")
	if neg || len(args) != 0 || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "truce: ") {
		ts.Fatalf("stderr is not one line of truce:\n%s", text)
	}
}

// harmless: neither output of the last command has a character that could do
// anything to a terminal (rule 33).
func harmless(ts *testscript.TestScript, neg bool, args []string) {
	bad := regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{e0000}-\x{e007f}]`)
	for _, out := range []string{"stdout", "stderr"} {
		if text := ts.ReadFile(out); bad.MatchString(text) {
			ts.Fatalf("%s is harmful: %q", out, text)
		}
	}
}

// fill HOME WHO N: sends N messages through the node that runs, filling 1 and so
// on.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fill home who n")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	c := client.Dial(ts.MkAbs(args[0]))
	defer c.Close()
	for i := range n {
		_, err := c.Send(context.Background(), args[1], client.SendRequest{Text: fmt.Sprint("filling ", i+1)})
		ts.Check(err)
	}
}

// picture FILE SHADE: makes a small PNG file.
func picture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: picture file shade")
	}
	shade, err := strconv.Atoi(args[1])
	ts.Check(err)
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	img.SetGray(3, 3, color.Gray{uint8(shade)})
	var b bytes.Buffer
	ts.Check(png.Encode(&b, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

// [!] typing HOME WHO: the user of the node there writes to WHO, or has stopped.
func typing(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] typing home who")
	}
	c := client.Dial(ts.MkAbs(args[0]))
	defer c.Close()
	ts.Check(c.Typing(context.Background(), args[1], !neg))
}

// picture-of HOME WHO HASH: waits until the picture with that hash has come, or
// for - until there is none.
func pictureOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: picture-of home who hash")
	}
	want := strings.TrimPrefix(args[2], "-")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := client.Dial(ts.MkAbs(args[0]))
	defer c.Close()
	for _, err := range c.Events(ctx, "") {
		ts.Check(err)
		p, err := c.Profile(ctx, args[1])
		ts.Check(err)
		if p.Avatar == want && p.AvatarHere == (want != "") {
			return
		}
	}
}
