package tui

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// What is too long for a message is not cut in silence.
func TestPasteTooLong(t *testing.T) {
	m := full(t)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	whole := strings.Repeat("line with more\n", maxText/15)
	m.Update(tea.PasteMsg{Content: whole})
	if got := m.input.area.Value(); got != whole {
		t.Errorf("of %d bytes %d are there", len(whole), len(got))
	}
	m.input.set("what stood there")
	for _, text := range []string{strings.Repeat("x", maxText+1), strings.Repeat("\n", maxLines)} {
		m.Update(tea.PasteMsg{Content: text})
		if m.input.text() != "what stood there" || !m.wrong || !strings.Contains(m.note, "too long") {
			t.Errorf("the input is %q, the note %q", m.input.text(), m.note)
		}
	}
}

// What the node does not take is there again, where it was written alone.
func TestGiveBack(t *testing.T) {
	m := full(t)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m.Update(failedMsg{err: errors.New("no"), with: m.thread.with, text: "hello"})
	if m.input.text() != "hello" {
		t.Errorf("the input is %q", m.input.text())
	}
	m.input.set("")
	m.Update(failedMsg{err: errors.New("no"), with: "somebody else", text: "hello"})
	if m.input.text() != "" {
		t.Errorf("what was for another is written to this one: %q", m.input.text())
	}
}

// What begins with a / and was said is no command when it comes back.
func TestWrittenIsSaid(t *testing.T) {
	m := full(t)
	for name, back := range map[string]func(){
		"refused": func() { m.Update(failedMsg{err: errors.New("no"), with: "them", text: "/quit"}) },
		"changed": func() { m.edit(client.Message{ID: "a", Text: "/quit"}) },
	} {
		m.input.set("")
		back()
		if got := m.input.text(); got != "//quit" {
			t.Errorf("%s: it is written %q", name, got)
		}
	}
}

// What is refused for one person while one writes to another waits with the first.
func TestGiveBackElsewhere(t *testing.T) {
	m := full(t)
	m.talkTo("other")
	m.Update(failedMsg{err: errors.New("no"), with: "them", text: "hello"})
	m.talkTo("them")
	if got := m.input.text(); got != "hello" {
		t.Errorf("there is %q", got)
	}
}

// A message is changed beside what is being written, not in its place.
func TestDraftOutlivesChange(t *testing.T) {
	for name, end := range map[string]func(m *model){
		"sent":          func(m *model) { m.send() },
		"left":          func(m *model) { m.escape() },
		"another first": func(m *model) { m.edit(client.Message{ID: "b", Text: "two"}); m.send() },
		"turned":        func(m *model) { m.talkTo("other"); m.talkTo("them") },
	} {
		m := full(t)
		letters(m, "half a thought")
		m.edit(client.Message{ID: "a", Text: "one"})
		end(m)
		if got := m.input.text(); got != "half a thought" || m.input.edit != "" {
			t.Errorf("%s: there is %q", name, got)
		}
	}
}

// What is typed while a command is on its way goes where the command leads.
func TestTypedAhead(t *testing.T) {
	for name, test := range map[string]struct {
		answer     tea.Msg
		with, text string
		page       bool
	}{
		"to another": {ranMsg{Talk: "other"}, "other", "", false},
		"a page":     {ranMsg{Show: "contact", Query: "them"}, "them", "", true},
		"refused":    {failedMsg{err: errors.New("no"), ran: true}, "them", "", false},
	} {
		m := full(t)
		m.people.contacts[1].State = "accepted"
		letters(m, "/to other")
		m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		letters(m, "by")
		if m.input.text() != "" {
			t.Errorf("%s: %q was typed already", name, m.input.text())
		}
		m.Update(test.answer)
		if m.thread.with != test.with || m.input.text() != "by" {
			t.Errorf("%s: to %s is written %q", name, m.thread.with, m.input.text())
		}
		if _, opened := m.page.(*contactPage); opened != test.page {
			t.Errorf("%s: the page is %T", name, m.page)
		}
		if _, failed := test.answer.(failedMsg); failed != m.wrong {
			t.Errorf("%s: the note is %q", name, m.note)
		}
	}
	m := full(t)
	m.command("/to other")
	if m.Update(tea.KeyPressMsg(tea.Key{Code: 'c', Mod: tea.ModCtrl})); m.page == nil {
		t.Error("leaving waits")
	}
}

// A paste into a field is bounded, and shows nothing but itself.
func TestPasteIntoFields(t *testing.T) {
	paste := tea.PasteMsg{Content: "\u202e" + strings.Repeat("long ", 1<<18)}
	for name, open := range map[string]func(m *model) func() string{
		"search": func(m *model) func() string {
			m.openSearch()
			p := m.page.(*searchPage)
			return func() string { return p.input.Value() }
		},
		"people": func(m *model) func() string { m.toPeople(); return func() string { return m.filter.Value() } },
		"react": func(m *model) func() string {
			p := newReact(m.thread.list[0])
			m.open(p)
			return func() string { return p.input.Value() }
		},
	} {
		m := full(t)
		value := open(m)
		m.Update(paste)
		if got := value(); len(got) > maxField || !strings.HasPrefix(got, "long") {
			t.Errorf("%s: %d bytes are there, %.20q first", name, len(got), got)
		}
	}
}
