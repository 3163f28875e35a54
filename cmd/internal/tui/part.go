package tui

import (
	tea "charm.land/bubbletea/v2"
)

// part is a page that the first run has, too.
type part interface {
	Init() tea.Cmd
	Update(tea.Msg) tea.Cmd
	View(width, height int) []string
	Keys() string
	Restyle(dark, colour bool)
}

// partPage shows a part.
type partPage struct {
	part
	name string
}

func (m *model) openPart(name string, p part) tea.Cmd { return m.open(&partPage{p, name}, p.Init()) }

func (p *partPage) title() string { return p.name }
func (p *partPage) keys() string  { return p.Keys() + " · Esc back" }

func (p *partPage) update(_ *model, msg tea.Msg) (page, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.Keystroke() {
		case "esc", "q", "enter":
			return nil, nil
		}
	}
	return p, p.Update(msg)
}

func (p *partPage) view(m *model, width, height int) []string {
	p.Restyle(!m.terminal.light, !m.terminal.bare)
	rows := []string{""}
	for _, row := range p.View(width-4, height-1) {
		rows = append(rows, "  "+row)
	}
	return rows
}
