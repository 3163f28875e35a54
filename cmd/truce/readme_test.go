package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// exchange is a command of the README's transcript with what it prints.
type exchange struct{ command, output string }

func transcript(t *testing.T) (list []exchange) {
	t.Helper()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```console\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the README has no transcript")
	}
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, exchange{command: command})
		} else {
			list[len(list)-1].output += line
		}
	}
	return list
}

// masks stand for what differs from run to run.
var masks = []struct {
	what *regexp.Regexp
	mask string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`[a-z2-7]{56}`), "ADDRESS"},
	{regexp.MustCompile(`\b01[0-9a-f]{6}\b`), "ID"},
}

func masked(s string) string {
	for _, m := range masks {
		s = m.what.ReplaceAllString(s, m.mask)
	}
	return s
}

// TestREADME runs the transcript, line by line as a reader would type it. What
// needs the other side's answer is repeated until that has come.
func TestREADME(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the transcript is for a Unix shell")
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "truce"), ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	var nodes []*exec.Cmd
	t.Cleanup(func() {
		for _, n := range nodes {
			n.Process.Kill()
			n.Wait()
		}
	})
	for _, x := range transcript(t) {
		switch {
		case strings.HasPrefix(x.command, "go build"):
		case strings.HasSuffix(x.command, "&\n"):
			n := exec.Command("sh", "-c", "exec "+strings.TrimSuffix(x.command, "&\n"))
			n.Dir = dir
			if err := n.Start(); err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, n)
			waitFor(t, filepath.Join(dir, strings.Fields(x.command)[2], "api.sock"))
		default:
			play(t, dir, x)
		}
	}
}

const patience = 20 * time.Second

func play(t *testing.T, dir string, x exchange) {
	t.Helper()
	begin := time.Now()
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		cmd := exec.Command("sh", "-c", x.command)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err == nil && masked(string(out)) == masked(x.output) {
			tick.Stop()
			return
		}
		if time.Since(begin) > patience {
			t.Fatalf("$ %s%s%v\nwant:\n%s", x.command, out, err, x.output)
		}
	}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	begin := time.Now()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if _, err := os.Stat(path); err == nil {
			tick.Stop()
			return
		}
		if time.Since(begin) > patience {
			t.Fatalf("%s did not appear", path)
		}
	}
}
