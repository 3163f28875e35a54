package welcome

import (
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/term"
)

const prompt = "› "

// field is one line to type in.
type field struct{ textinput.Model }

func newField() field {
	f := field{textinput.New()}
	f.Prompt = prompt
	f.CharLimit = 200 // characters: more than any answer has
	f.SetVirtualCursor(false)
	f.Focus()
	return f
}

func (f *field) update(msg tea.Msg) (cmd tea.Cmd) {
	f.Model, cmd = f.Model.Update(msg)
	if v := f.Value(); term.Printable(v) != v {
		f.SetValue(term.Printable(v)) // pasted; what was replaced is no name
	}
	return cmd
}

// draw returns the row, and the cursor as it stands in row y.
func (f *field) draw(width, y int) (string, *tea.Cursor) {
	f.SetWidth(max(1, width-len(prompt)-1))
	c := f.Cursor()
	if c != nil {
		c.Y = y
	}
	return f.View(), c
}

// maxSecret is how many bytes can be typed: more than a passphrase may have, so that
// one too long is refused and not cut.
const maxSecret = 2048

// secret is a line to type in that is not shown. It never grows, so that no copy of
// it is left behind.
type secret struct{ typed []byte }

func newSecret() secret { return secret{make([]byte, 0, maxSecret)} }

func (s *secret) wipe() {
	clear(s.typed[:cap(s.typed)])
	s.typed = s.typed[:0]
}

func (s *secret) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		s.add(strings.TrimRight(msg.Content, "\r\n"))
	case tea.KeyPressMsg:
		switch msg.Keystroke() {
		case "ctrl+u":
			s.wipe()
		case "backspace":
			_, n := utf8.DecodeLastRune(s.typed)
			left := len(s.typed) - n
			clear(s.typed[left:])
			s.typed = s.typed[:left]
		default:
			s.add(msg.Text)
		}
	}
}

func (s *secret) add(text string) {
	if len(s.typed)+len(text) <= cap(s.typed) {
		s.typed = append(s.typed, text...)
	}
}

// draw shows a dot for each character, and the cursor as it stands in row y.
func (s *secret) draw(width, y int) (string, *tea.Cursor) {
	n := min(utf8.RuneCount(s.typed), max(0, width-3))
	return prompt + strings.Repeat("•", n), tea.NewCursor(2+n, y)
}
