package tui

import tea "charm.land/bubbletea/v2"

// click chooses what the mouse points at.
func (m *model) click(msg tea.MouseClickMsg) tea.Cmd {
	_, wide := m.page.(interface{ wide() })
	if msg.Button != tea.MouseLeft || m.tiny() || wide {
		return nil
	}
	if side := m.sideWidth(); msg.X < side {
		rows := m.people.rows()
		if i := m.people.top + msg.Y - 2; msg.Y >= 2 && i >= 0 && i < len(rows) {
			return m.choose(rows[i])
		}
		return nil
	}
	if m.page != nil {
		return nil
	}
	m.leavePeople()
	height := m.talkHeight()
	if y := msg.Y - 2; y >= 0 && y < height {
		if id := m.thread.view(height)[y].id; id != "" {
			m.focus = onThread
			m.thread.choose(id)
		}
		return nil
	}
	return m.toInput()
}

func (m *model) wheel(msg tea.MouseWheelMsg) tea.Cmd {
	if m.page != nil {
		return m.inPage(msg)
	}
	switch msg.Button {
	case tea.MouseWheelUp:
		return m.scroll(3)
	case tea.MouseWheelDown:
		return m.scroll(-3)
	}
	return nil
}
