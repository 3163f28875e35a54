package cli

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truce-im/truce/node"
)

// fakeTerminal gives lines and then the end.
type fakeTerminal struct {
	bytes.Buffer
	lines []string
}

func (t *fakeTerminal) SetPrompt(string)     {}
func (t *fakeTerminal) Keyed() <-chan string { return nil }

func (t *fakeTerminal) ReadLine() (string, error) {
	if len(t.lines) == 0 {
		return "", io.EOF
	}
	line := t.lines[0]
	t.lines = t.lines[1:]
	return line, nil
}

func TestLeavingAtTheFirstQuestionMakesNothing(t *testing.T) {
	a := &app{home: filepath.Join(t.TempDir(), "home")}
	term := &fakeTerminal{lines: []string{"#not a name"}}
	if _, err := a.talk(t.Context(), term); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(term.String(), "a name does not begin with #") {
		t.Errorf("the bad name is not explained: %s", term.String())
	}
	if node.Exists(a.home) {
		t.Error("an account was made")
	}
}
