package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// letters types text, a key at a time.
func letters(m *model, text string) {
	for _, r := range text {
		m.Update(tea.KeyPressMsg(tea.Key{Code: r, Text: string(r)}))
	}
}

// Whoever vanishes while they are written to leaves no other person in their place.
func TestGoneWhileWriting(t *testing.T) {
	m := full(t)
	for _, with := range []string{"them", "asker"} {
		m.talkTo(with)
		letters(m, "hello")
		m.Update(peopleMsg{me: m.me, contacts: []client.Contact{{Account: "other", Name: "Other", State: "accepted"}}})
		letters(m, " you")
		m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		if m.thread.with != with || m.chosen() != (row{}) {
			t.Errorf("with %s gone, what was written to them goes to %q", with, m.thread.with)
		}
		m.Update(tea.KeyPressMsg(tea.Key{Code: tea.KeyDown, Mod: tea.ModAlt}))
		if m.thread.with != "other" || m.input.text() != "" {
			t.Errorf("the next one is %q, the input %q", m.thread.with, m.input.text())
		}
		m = full(t)
	}
}

// A stranger who asks takes neither the input nor a page from whoever is at it.
func TestAskedWhileBusy(t *testing.T) {
	for name, begin := range map[string]func(m *model){
		"writing":  func(m *model) { letters(m, "/add truce:") },
		"page":     func(m *model) { m.open(&helpPage{}) },
		"choosing": func(m *model) { m.toPeople() },
	} {
		t.Run(name, func(t *testing.T) {
			m := full(t)
			m.Update(peopleMsg{me: m.me})
			m.thread = thread{}
			begin(m)
			text, page, focus := m.input.text(), m.page, m.focus
			m.Update(peopleMsg{me: m.me, requests: []client.Request{{Account: "asker", Name: "Cleo"}}})
			if m.input.text() != text || m.page != page || m.focus != focus || m.thread.with != "" {
				t.Errorf("the input is %q, the conversation with %q", m.input.text(), m.thread.with)
			}
		})
	}
	m := full(t)
	m.Update(peopleMsg{me: m.me})
	m.thread = thread{}
	m.Update(peopleMsg{me: m.me, requests: []client.Request{{Account: "asker", Name: "Cleo"}}})
	if m.thread.with != "asker" {
		t.Error("to somebody who does nothing the request is not shown")
	}
}
