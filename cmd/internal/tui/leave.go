package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// leave ends the chat. A node of its own ends with it, or goes on, as the user
// wants.
func (m *model) leave() tea.Cmd {
	if q, ok := m.page.(*question); ok && q.text == stayQuestion {
		return tea.Quit // pressed twice: whoever does that wants to be gone
	}
	if !m.opt.Own {
		return tea.Quit
	}
	switch m.settings["on_leave"] {
	case "stop":
		return tea.Quit
	case "stay":
		m.stay = true
		return tea.Quit
	}
	stay := func(m *model) tea.Cmd { m.stay = true; return tea.Quit }
	quit := func(*model) tea.Cmd { return tea.Quit }
	return m.open(&question{
		name: "Leave",
		text: stayQuestion,
		more: "While it runs, messages reach you, and go out, without this screen. `truce stop` ends it.",
		answers: []answer{
			{"y", "yes, leave it running", stay},
			{"n", "no, stop it", quit},
			{"Y", "yes, and do not ask again", m.always("stay", stay)},
			{"N", "no, and do not ask again", m.always("stop", quit)},
			{"esc", "go on chatting", nil},
		},
	})
}

const stayQuestion = "Leave the node running?"

// always keeps an answer, and then gives it.
func (m *model) always(value string, do func(*model) tea.Cmd) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		return tea.Sequence(m.node.tell(func(ctx context.Context) error {
			_, err := m.node.api.SetSetting(ctx, "on_leave", value)
			return err
		}), do(m))
	}
}
