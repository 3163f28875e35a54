package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/emoji"
	"github.com/truce-im/truce/node/api/client"
)

// reactPage asks for an emoji to put on a message.
type reactPage struct {
	msg   client.Message
	input textinput.Model
	row   int // of the input
}

func newReact(msg client.Message) *reactPage {
	return &reactPage{msg: msg, input: newField("  emoji or :name: ", "")}
}

func (p *reactPage) title() string { return "React" }
func (p *reactPage) keys() string  { return "1–8 at once · Enter react · Esc back" }

func (p *reactPage) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	k, ok := msg.(tea.KeyPressMsg)
	if ok {
		switch name := k.Keystroke(); {
		case name == "esc":
			return nil, nil
		case p.input.Value() == "" && len(name) == 1 && strings.Contains("12345678", name):
			return nil, m.react(p.msg, handy[name[0]-'1'])
		case name == "enter":
			text := strings.TrimSpace(emoji.Expand(p.input.Value()))
			if text == "" {
				return nil, nil
			}
			return nil, m.react(p.msg, text)
		}
	}
	var cmd tea.Cmd
	p.input, cmd = p.input.Update(msg)
	return p, cmd
}

func (p *reactPage) caret() *tea.Cursor {
	c := p.input.Cursor()
	if c != nil {
		c.Y += p.row
	}
	return c
}

func (p *reactPage) view(m *model, width, height int) []string {
	rows := []string{""}
	text := m.styles.body(p.msg.Text, "  │ ", width)
	rows = append(rows, text[:min(len(text), max(1, height-6))]...)
	var list []string
	for i, sign := range handy {
		list = append(list, m.styles.dim.Render(string(rune('1'+i)))+" "+sign)
	}
	rows = append(rows, "", "  "+strings.Join(list, "  "), "", p.input.View())
	p.row = len(rows) - 1
	for _, s := range emoji.Complete(p.input.Value(), maxMenu) {
		rows = append(rows, "  "+s.Emoji+" "+m.styles.dim.Render(s.Name))
	}
	return rows
}
