package cli

import (
	"io"
	"os"
	"unicode"

	"golang.org/x/term"
)

// screen is a terminal in raw mode. It follows the size of the window whenever
// a line begins.
type screen struct {
	*term.Terminal
	in    *os.File
	out   *os.File
	keyed chan string // 1 deep
}

func newScreen(in, out *os.File) *screen {
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, "> ")
	s := &screen{t, in, out, make(chan string, 1)}
	t.AutoCompleteCallback = s.key
	return s
}

// key notes what the line will be after a key, and changes nothing. It must not
// write.
func (s *screen) key(line string, pos int, key rune) (string, int, bool) {
	if unicode.IsPrint(key) {
		line = line[:pos] + string(key) + line[pos:]
	}
	select {
	case <-s.keyed: // an older one
	default:
	}
	s.keyed <- line // the only one who sends, under the terminal's lock
	return "", 0, false
}

// Keyed implements linechat.Terminal.
func (s *screen) Keyed() <-chan string { return s.keyed }

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
