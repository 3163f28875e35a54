package tui

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
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
