package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/term"
)

// question asks for one of several keys. Esc is the last answer.
type question struct {
	name    string // its title
	text    string
	more    string // what it is about
	answers []answer
}

// answer is a key, what it means, and what then happens: nil: nothing.
type answer struct {
	key, means string
	do         func(*model) tea.Cmd
}

func (q *question) title() string { return q.name }

func (q *question) keys() string {
	var list []string
	for _, a := range q.answers {
		list = append(list, a.shown())
	}
	return strings.Join(list, " · ")
}

// shown is how people call the key.
func (a answer) shown() string {
	if a.key == "esc" {
		return "Esc"
	}
	return a.key
}

func (q *question) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return q, nil
	}
	name := k.Keystroke()
	if k.Text != "" {
		name = k.Text // Y is not shift+y
	}
	if name == "esc" {
		name = q.answers[len(q.answers)-1].key
	}
	for _, a := range q.answers {
		if a.key != name {
			continue
		}
		m.page = nil
		if a.do == nil {
			return nil, nil
		}
		cmd := a.do(m)
		return m.page, cmd
	}
	return q, nil
}

func (q *question) view(m *model, width, height int) []string {
	rows := append([]string{""}, m.styles.body(q.text, "  ", width)...)
	if q.more != "" {
		more := m.styles.message(q.more, "  ", width, nil)
		rows = append(append(rows, ""), more[:min(len(more), max(1, height-6-len(q.answers)))]...)
	}
	rows = append(rows, "")
	for _, a := range q.answers {
		rows = append(rows, "  "+m.styles.name.Render(m.styles.fit(a.shown(), 4))+term.Printable(a.means))
	}
	return rows
}
