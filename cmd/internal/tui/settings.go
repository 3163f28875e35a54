package tui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// option is a setting on the page: what it means, and which values Enter goes
// through; none: it is typed.
type option struct {
	name, help string
	values     []string
}

var yesNo = []string{"true", "false"}

var options = []option{
	{"notify", "how you are told of messages", []string{"bell", "osc9", "osc777", "off"}},
	{"on_leave", "the node, when you leave this screen that started it", []string{"ask", "stay", "stop"}},
	{"read_receipts", "others see what you have read", yesNo},
	{"typing", "others see that you write", yesNo},
	{"presence", "you see who is there, and are seen", yesNo},
	{"messages", "you write, and are written to", yesNo},
	{"nearby", "people on this network see your name", yesNo},
	{"hide", "nobody but relays sees where you are", yesNo},
	{"away_after", "away by itself after so long; 0: never", nil},
	{"auto_reply", "what answers while you are away; empty: nothing", nil},
}

func (o option) label() string { return strings.ReplaceAll(o.name, "_", " ") }

// settingsPage changes settings.
type settingsPage struct {
	row    int // of the chosen one on the screen
	at     int
	typing bool
	input  textinput.Model
}

func (p *settingsPage) title() string { return "Settings" }
func (p *settingsPage) keys() string {
	if p.typing {
		return "Enter keep · Esc leave as it was"
	}
	return "Enter change · ↑↓ choose · Esc back"
}

func (p *settingsPage) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	k, ok := msg.(tea.KeyPressMsg)
	if p.typing {
		return p.write(m, msg)
	}
	if !ok {
		return p, nil
	}
	switch k.Keystroke() {
	case "esc", "q":
		return nil, nil
	case "up", "k":
		p.at = max(0, p.at-1)
	case "down", "j":
		p.at = min(p.at+1, len(options)-1)
	case "enter", "space", "right":
		o := options[p.at]
		if o.values == nil {
			p.typing, p.input = true, newField("", m.settings[o.name])
			return p, nil
		}
		return p, m.set(o.name, after(o.values, m.settings[o.name]))
	}
	return p, nil
}

// write takes what is typed as a value.
func (p *settingsPage) write(m *model, msg tea.Msg) (page, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.Keystroke() {
		case "esc":
			p.typing = false
			return p, nil
		case "enter":
			p.typing = false
			return p, m.set(options[p.at].name, strings.TrimSpace(p.input.Value()))
		}
	}
	var cmd tea.Cmd
	p.input, cmd = p.input.Update(msg)
	return p, cmd
}

func after(list []string, value string) string {
	for i, v := range list {
		if v == value {
			return list[(i+1)%len(list)]
		}
	}
	return list[0]
}

func (m *model) set(name, value string) tea.Cmd {
	return m.node.act(strings.ReplaceAll(name, "_", " ")+" is now "+value, func(ctx context.Context) error {
		_, err := m.node.api.SetSetting(ctx, name, value)
		return err
	}, m.node.settings())
}

func (p *settingsPage) caret() *tea.Cursor {
	if !p.typing {
		return nil
	}
	c := p.input.Cursor()
	if c != nil {
		c.X += valueColumn
		c.Y += p.row
	}
	return c
}

// valueColumn is where values stand, valueWidth how wide they are where an
// explanation stands behind them.
const valueColumn, valueWidth = 19, 16

func (p *settingsPage) view(m *model, width, height int) []string {
	rows, roomy := []string{""}, width >= valueColumn+valueWidth+60
	for i, o := range options {
		value := m.settings[o.name]
		switch {
		case p.typing && i == p.at:
			p.input.SetWidth(max(1, width-valueColumn-3))
			rows = append(rows, m.styles.fit("  "+o.label(), valueColumn)+p.input.View())
			continue
		case value == "true":
			value = "yes"
		case value == "false":
			value = "no"
		case value == "":
			value = "—"
		}
		text := m.styles.fit("  "+o.label(), valueColumn) + m.styles.body(value, "", max(2, width-valueColumn-1))[0]
		if roomy {
			text = m.styles.fit(text, valueColumn+valueWidth) + m.styles.dim.Render(o.help)
		}
		if i == p.at {
			text = m.styles.name.Render("▌") + strings.TrimPrefix(text, " ")
		}
		rows = append(rows, text)
	}
	help := "(/config " + options[p.at].name + ")"
	if !roomy {
		help = options[p.at].help + " " + help
	}
	rows = append(append(rows, ""), m.styles.body(help, "  ", width, m.styles.dim)...)
	top := max(0, p.at+2-height)
	p.row = p.at + 1 - top
	return rows[top:min(len(rows), top+height)]
}
