package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// screen is a terminal in raw mode. It follows the size of the window whenever
// a line begins.
type screen struct {
	*term.Terminal
	out *os.File
}

func newScreen(in, out *os.File) *screen {
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, "> ")
	return &screen{t, out}
}

// ReadLine reads one line, however it was entered.
func (s *screen) ReadLine() (string, error) {
	if width, height, err := term.GetSize(int(s.out.Fd())); err == nil && width > 0 {
		s.SetSize(width, height)
	}
	line, err := s.Terminal.ReadLine()
	return line, pasted(err)
}

// ReadPassword reads one line without showing it.
func (s *screen) ReadPassword(prompt string) (string, error) {
	line, err := s.Terminal.ReadPassword(prompt)
	return line, pasted(err)
}

// pasted drops the sign that a line was not typed.
func pasted(err error) error {
	if err == term.ErrPasteIndicator {
		return nil
	}
	return err
}
