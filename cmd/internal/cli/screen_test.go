package cli

import (
	"io"
	"os"
	"testing"

	"golang.org/x/term"
)

// Whoever follows the keys sees what stands in the line now, and no secret.
func TestKeyed(t *testing.T) {
	in, keys := io.Pipe()
	s := newScreen(os.Stdin, os.Stdout)
	s.Terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, io.Discard}, "")
	s.AutoCompleteCallback = s.key
	go io.WriteString(keys, "hé\x1b[D\x1b[Dx\rsecret\r")
	if line, err := s.ReadLine(); line != "xhé" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	if secret, err := s.ReadPassword(""); secret != "secret" || err != nil {
		t.Fatalf("%q, %v", secret, err)
	}
	if got := <-s.Keyed(); got != "xhé" {
		t.Errorf("the line is told as %q", got)
	}
	select {
	case got := <-s.Keyed():
		t.Errorf("%q is told as well", got)
	default:
	}
}
