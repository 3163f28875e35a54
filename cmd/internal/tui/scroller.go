package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// scroller is what pages that only show something have in common: Esc closes
// them, and rows that do not fit are scrolled to.
type scroller struct{ top, rows, height int }

func (s *scroller) scroll(p page, m *model, msg tea.Msg) (page, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch k := msg.Keystroke(); {
		case slices.Contains([]string{"esc", "q", "enter"}, k):
			return nil, nil
		case k == "up" || k == "k":
			s.top--
		case k == "down" || k == "j":
			s.top++
		case k == "pgup":
			s.top -= s.height - 1
		case k == "pgdown" || k == "space":
			s.top += s.height - 1
		case k == "home":
			s.top = 0
		case k == "end":
			s.top = s.rows
		}
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			s.top -= 3
		} else {
			s.top += 3
		}
	}
	s.top = max(0, min(s.top, s.rows-s.height))
	return p, nil
}

// cut returns the rows that are on a screen of that height.
func (s *scroller) cut(rows []string, height int) []string {
	s.rows, s.height = len(rows), height
	s.top = max(0, min(s.top, s.rows-s.height))
	return rows[s.top:min(len(rows), s.top+height)]
}
