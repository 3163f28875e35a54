//go:build unix

package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	numbered = regexp.MustCompile(`\b(\d{1,2}) ([a-z]{3,8})\b`)
	wordAsk  = regexp.MustCompile(`Word (\d+):`)
)

// From nothing to the chat, with a passphrase and the words written down.
func TestFirstRun(t *testing.T) {
	h := home{t, filepath.Join(t.TempDir(), "new")}
	if err := os.Mkdir(h.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.path, "config.toml"), []byte("mdns = false\nlisten = [\"/ip4/127.0.0.1/tcp/0\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, h.command(), 80, 24, false)
	w.until("What is your name?")
	w.press("Nora", "enter")
	w.until("Passphrase, or nothing for none:")
	w.press("open sesame", "enter")
	w.until("The same once more:")
	w.press("open sesame", "enter")

	text := w.until("Your 24 words", "Enter I wrote them down")
	words := map[string]string{}
	for _, m := range numbered.FindAllStringSubmatch(text, -1) {
		words[m[1]] = m[2]
	}
	if len(words) != 24 {
		t.Fatalf("there are %d words:\n%s", len(words), text)
	}
	w.press("enter")
	for i := range 3 {
		asks := wordAsk.FindStringSubmatch(w.until("Word ", ":  "+strconv.Itoa(i+1)+" of 3"))
		w.press(words[asks[1]], "enter")
	}
	w.until("Your link", "truce:")
	w.press("c")
	w.until("Copied")
	w.wrote("\x1b]52;c;")
	w.press("enter")
	w.until("● Nora", "There is nobody here yet.")
	if got := h.value("protected", "id"); got != "true" {
		t.Errorf("the home is protected: %s", got)
	}
	w.press("ctrl+c")
	w.until("Leave the node running?")
	w.press("y")
	w.until("Passphrase of this home:")
	w.press("open sesame")
	w.press("enter")
	<-w.ended
	t.Cleanup(func() { h.command("stop").Run() })
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("the program ends with %d:\n%s", code, w.text())
	}
	if text := w.text(); strings.Contains(text, "open sesame") {
		t.Errorf("the passphrase is shown:\n%s", text)
	}
	h.must("id")
	secretOfNode(t, h, "open sesame")
	h.must("stop")
}

// secretOfNode fails if others can see the secret while the node runs, where the
// system lets them look.
func secretOfNode(t *testing.T, h home, secret string) {
	t.Helper()
	pid, err := os.ReadFile(filepath.Join(h.path, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"environ", "cmdline"} {
		seen, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), file))
		if err == nil && bytes.Contains(seen, []byte(secret)) {
			t.Errorf("the passphrase stands in %s of the node", file)
		}
	}
}

// Whoever leaves before the account is made leaves nothing behind.
func TestFirstRunLeft(t *testing.T) {
	h := home{t, filepath.Join(t.TempDir(), "new")}
	w := open(t, h.command(), 80, 24, false)
	w.until("What is your name?")
	w.press("Nora", "enter")
	w.until("Passphrase, or nothing for none:")
	w.press("ctrl+c")
	<-w.ended
	if _, err := os.Stat(h.path); !os.IsNotExist(err) {
		t.Errorf("there is something in the home: %v", err)
	}
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the program ends with %d", code)
	}
}

// With --plain the chat speaks line by line.
func TestPlain(t *testing.T) {
	h := newHome(t, "Ann")
	w := open(t, h.command("--plain"), 80, 24, false)
	w.until("/help tells what you can do here")
	w.press("/contacts\r")
	w.until("You have no contacts yet.")
	if w.screen.IsAltScreen() {
		t.Error("it takes the whole screen")
	}
	w.press("\x04")
	<-w.ended
	h.must("config", "plain", "true")
	w = open(t, h.command(), 80, 24, false)
	w.until("/help tells what you can do here")
}

// The node goes on if one wants, and the answer is remembered if one wants that.
func TestLeaveRunning(t *testing.T) {
	h := newHome(t, "Ann")
	w := open(t, h.command(), 80, 24, false)
	w.until("There is nobody here yet.")
	w.press("ctrl+c")
	w.until("Leave the node running?")
	w.press("Y")
	<-w.ended
	t.Cleanup(func() { h.command("stop").Run() })
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("the program ends with %d:\n%s", code, w.text())
	}
	if got := h.value("value", "config", "on_leave"); got != "stay" {
		t.Errorf("the answer is kept as %q", got)
	}
	w = open(t, h.command(), 80, 24, false) // attaches to the node
	w.until("There is nobody here yet.")
	w.press("ctrl+c")
	<-w.ended // unasked: the node is not this one's
	socket := filepath.Join(h.path, "api.sock")
	if _, err := os.Stat(socket); err != nil {
		t.Errorf("no node runs: %v", err)
	}
	h.must("stop")
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the node still runs: %v", err)
	}
}
