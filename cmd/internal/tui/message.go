package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// groupFor is how long messages of one person stand under one name.
const groupFor = 5 * time.Minute

// drawer draws messages.
type drawer struct {
	styles styles
	name   func(account string) string
	quoted func(id string) (client.Message, bool) // a message, if it is here
	airy   bool                                   // a row is left free above a name
}

// widest is how many columns a message takes at most: longer rows are hard to read,
// and ticks far from their text to find.
const widest = 100

// message draws m, which stands behind before.
func (d drawer) message(before *client.Message, m client.Message, width int, l look) (rows []string) {
	if before == nil || !sameDay(before.Received.Time, m.Received.Time) {
		rows = append(rows, d.rule(m.Received.Local().Format("Monday, 2 January 2006"), width, d.styles.dim))
	}
	if l.fresh {
		rows = append(rows, d.rule("new", width, d.styles.alarm))
	}
	if m.Notice != "" {
		return append(rows, d.styles.body(m.Text, " • ", width, d.styles.dim)...)
	}
	if len(rows) > 0 || before.From != m.From || before.Notice != "" || m.Received.Sub(before.Received.Time) > groupFor {
		if d.airy && len(rows) == 0 {
			rows = append(rows, "")
		}
		rows = append(rows, d.head(m, width))
	}
	own := len(rows)
	if m.ReplyTo != "" {
		quoted := "an earlier message"
		if q, here := d.quoted(m.ReplyTo); here {
			quoted = d.name(q.From) + ": " + term.Brief(q.Text, 200)
		}
		rows = append(rows, "   "+d.styles.dim.Render(d.styles.fit("│ "+term.Printable(quoted), width-3)))
	}
	width = min(width, widest)
	rows = append(rows, d.withMarks(d.lines(m, width, l.marks), m, width)...)
	rows = append(rows, d.reactions(m, width)...)
	if l.chosen {
		for i := own; i < len(rows); i++ {
			rows[i] = d.styles.name.Render("▌") + strings.TrimPrefix(rows[i], " ")
		}
	}
	return rows
}

// lines are the words of a message.
func (d drawer) lines(m client.Message, width int, marks []match.Pattern) []string {
	switch {
	case m.Deleted:
		return d.styles.body("deleted", "   ", width, d.styles.dim)
	case m.Nudge && m.Out():
		return d.styles.body("you nudge "+d.name(m.Conversation), "   ", width, d.styles.unread)
	case m.Nudge:
		return d.styles.body(m.FromName+" nudges you", "   ", width, d.styles.unread)
	}
	text, more := begins(m.Text)
	rows := d.styles.message(text, "   ", width, marks)
	if more > 0 {
		rows = append(rows, d.styles.body(fmt.Sprintf("… %d more bytes: choose it, i shows all", more), "   ", width, d.styles.dim)...)
	}
	return rows
}

// maxShown and maxShownLines are how much of a message stands in a conversation, in
// bytes and lines: some hundreds are drawn at once, and somebody may send as many that
// are as long as can be.
const maxShown, maxShownLines = 8 << 10, 100

// begins returns what is shown of a text, and how many bytes are not.
func begins(text string) (shown string, more int) {
	shown = text
	if len(text) > maxShown {
		shown = strings.ToValidUTF8(text[:maxShown], "")
	}
	if lines := strings.SplitN(shown, "\n", maxShownLines+1); len(lines) > maxShownLines {
		shown = strings.Join(lines[:maxShownLines], "\n")
	}
	return shown, len(text) - len(shown)
}

// withMarks puts at the end of a message how far it got.
func (d drawer) withMarks(rows []string, m client.Message, width int) []string {
	marks := d.marks(m)
	if marks == "" {
		return rows
	}
	end := len(rows) - 1
	if d.styles.cells.StringWidth(rows[end])+d.styles.cells.StringWidth(marks)+2 <= width {
		rows[end] = d.styles.apart(rows[end], marks+" ", width)
		return rows
	}
	return append(rows, d.styles.apart("", d.styles.cut(marks, width-1)+" ", width))
}

// rule is a line across with words in its middle.
func (d drawer) rule(text string, width int, style lipgloss.Style) string {
	text = d.styles.cut(" "+text+" ", width)
	left := max(0, width-d.styles.cells.StringWidth(text)) / 2
	right := max(0, width-left-d.styles.cells.StringWidth(text))
	return d.styles.border.Render(strings.Repeat("─", left)) + style.Render(text) + d.styles.border.Render(strings.Repeat("─", right))
}

func sameDay(a, b time.Time) bool {
	return a.Local().Format(time.DateOnly) == b.Local().Format(time.DateOnly)
}

func (d drawer) head(m client.Message, width int) string {
	name, style := m.FromName, d.styles.name
	if m.Out() {
		name, style = "you", d.styles.mine
	}
	at := d.styles.dim.Render(m.Time.Local().Format("15:04"))
	return " " + style.Render(anchored(term.Printable(d.styles.cut(name, max(1, width-8))))) + " " + at
}

// marks are what stands at the end of a message: how far it got, if I wrote it.
func (d drawer) marks(m client.Message) string {
	var list []string
	if m.Auto {
		list = append(list, d.styles.dim.Render("by itself"))
	}
	if m.Edited && !m.Deleted {
		list = append(list, d.styles.dim.Render("edited"))
	}
	if m.Out() {
		switch m.State {
		case "delivered":
			list = append(list, d.styles.dim.Render("✓"))
		case "read":
			list = append(list, d.styles.here.Render("✓✓"))
		case "failed":
			list = append(list, d.styles.alarm.Render("failed: "+term.Printable(m.Why)))
		default:
			text := m.State
			if m.Why != "" {
				text += ": " + term.Printable(m.Why)
			}
			list = append(list, d.styles.dim.Render(text))
		}
	}
	return strings.Join(list, " ")
}

func (d drawer) reactions(m client.Message, width int) []string {
	if len(m.Reactions) == 0 {
		return nil
	}
	var list []string
	for _, emoji := range slices.Sorted(maps.Keys(m.Reactions)) {
		var names []string
		for _, account := range m.Reactions[emoji] {
			names = append(names, d.name(account))
		}
		list = append(list, emoji+" "+strings.Join(names, ", "))
	}
	return d.styles.body(strings.Join(list, "   "), "   ", width, d.styles.dim)
}
