package tui

import (
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// However long what somebody sends is, a conversation shows a bounded part of it,
// says so, and the page of the message shows all.
func TestLongMessages(t *testing.T) {
	for name, text := range map[string]string{
		"lines":  strings.Repeat("\n", maxText-3) + "end",
		"words":  strings.Repeat("word ", maxText/5-1) + "end",
		"amidst": "x" + strings.Repeat("é", maxText/2-2) + "end",
	} {
		m := full(t)
		msg := said("long", "read")
		msg.Text = text
		m.Update(pageOf(m, newest, true, msg))
		m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		if rows := len(m.thread.at(0)); rows > 400 {
			t.Errorf("%s: %d rows are drawn", name, rows)
		}
		if screen := m.screen(); !strings.Contains(screen, "more bytes") {
			t.Errorf("%s: nothing says that there is more", name)
		}
		check(t, m.screen(), 80, 24, m.terminal.cells)
		m.toThread()
		m.Update(tea.KeyPressMsg(tea.Key{Code: 'i', Text: "i"}))
		m.View()
		m.Update(tea.KeyPressMsg{Code: tea.KeyEnd})
		if !strings.Contains(m.screen(), "end") {
			t.Errorf("%s: the end is nowhere", name)
		}
	}
	if shown, more := begins("x" + strings.Repeat("é", maxShown)); !utf8.ValidString(shown) || more != maxShown+2 {
		t.Errorf("it is cut amidst a character, %d bytes before the end", more)
	}
	for text, want := range map[string]int{"": 0, "a\nb": 0, strings.Repeat("\n", maxShownLines-1): 0, strings.Repeat("\n", maxShownLines): 1, strings.Repeat("x", maxShown): 0} {
		if shown, more := begins(text); more != want || len(shown)+more != len(text) {
			t.Errorf("of %d bytes %d are not shown", len(text), more)
		}
	}
}
