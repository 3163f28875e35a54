package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// notify lets the user know of a message, unless it is before their eyes.
func (m *model) notify(msg client.Message) tea.Cmd {
	if !msg.Nudge && m.looks() && msg.Conversation == m.thread.with && m.thread.below == 0 {
		return nil
	}
	text := m.name(msg.From) + " wrote to you"
	if msg.Nudge {
		text = m.name(msg.From) + " nudges you"
	}
	return m.ring(text)
}

// notifyTold tells that somebody came whom the user wanted to be told of.
func (m *model) notifyTold(e client.Event) tea.Cmd {
	if !e.Tell {
		return nil
	}
	return m.ring(e.Contact.Name + " is there")
}

// tellAsker tells of somebody new who asks.
func (m *model) tellAsker(e client.Event) tea.Cmd {
	if e.Contact.State != "requested" || m.people.row(e.Contact.Account).request != nil {
		return nil
	}
	return m.ring("somebody asks to be your contact")
}

// ring notifies as the setting wants it: by the bell, by a sequence that the
// terminal shows as a notification of the desktop (OSC 9 of iTerm2, OSC 777 of
// urxvt), or not at all. A terminal that does not know a sequence drops it.
func (m *model) ring(text string) tea.Cmd {
	text = strings.ReplaceAll(term.Printable(text), ";", ",") // which ends a field
	switch m.settings["notify"] {
	case "off":
		return nil
	case "osc9":
		return tea.Raw("\x1b]9;" + text + "\x07")
	case "osc777":
		return tea.Raw("\x1b]777;notify;Truce;" + text + "\x07")
	}
	return tea.Raw("\a")
}
