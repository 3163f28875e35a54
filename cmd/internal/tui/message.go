package tui

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// groupFor is how long messages of one person stand under one name.
const groupFor = 5 * time.Minute

// drawer draws messages.
type drawer struct {
	styles styles
	now    func() time.Time
	name   func(account string) string
	text   func(id string) string // of a message that is here; empty: it is not
}

// message draws m, which stands behind before.
func (d drawer) message(before *client.Message, m client.Message, width int) (rows []string) {
	if before == nil || !sameDay(before.Received.Time, m.Received.Time) {
		rows = append(rows, d.day(m.Received.Time, width))
	}
	if m.Notice != "" {
		return append(rows, d.lines("• "+m.Text, "  ", width, d.styles.dim.Render)...)
	}
	if before == nil || len(rows) > 0 || before.From != m.From || before.Notice != "" || m.Received.Sub(before.Received.Time) > groupFor {
		rows = append(rows, d.head(m, width))
	}
	if m.ReplyTo != "" {
		quoted := d.text(m.ReplyTo)
		if quoted == "" {
			quoted = "an earlier message"
		}
		rows = append(rows, "  "+d.styles.dim.Render(fit("│ "+term.Printable(term.Brief(quoted, 200)), width-2)))
	}
	body, style := m.Text, func(s ...string) string { return strings.Join(s, "") }
	switch {
	case m.Deleted:
		body, style = "deleted", d.styles.dim.Render
	case m.Nudge && m.Out():
		body, style = "you nudge "+d.name(m.Conversation), d.styles.unread.Render
	case m.Nudge:
		body, style = m.FromName+" nudges you", d.styles.unread.Render
	}
	lines := d.lines(body, "  ", width, style)
	if marks := d.marks(m); marks != "" {
		end := &lines[len(lines)-1]
		if ansi.StringWidth(*end)+ansi.StringWidth(marks)+1 <= width {
			*end = apart(*end, marks, width)
		} else {
			lines = append(lines, apart("", marks, width))
		}
	}
	return append(append(rows, lines...), d.reactions(m)...)
}

func (d drawer) day(t time.Time, width int) string {
	text := " " + t.Local().Format("Monday, 2 January 2006") + " "
	side := max(0, width-ansi.StringWidth(text)) / 2
	return d.styles.dim.Render(fit(strings.Repeat("─", side)+text+strings.Repeat("─", width), width))
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
	return style.Render(term.Printable(ansi.Truncate(name, width-7, "…"))) + " " + at
}

// lines wraps text, which anybody may have written.
func (d drawer) lines(text, indent string, width int, style func(...string) string) (rows []string) {
	for _, line := range strings.Split(text, "\n") {
		for _, row := range strings.Split(ansi.Wrap(term.Printable(line), max(1, width-len(indent)), ""), "\n") {
			rows = append(rows, indent+style(row))
		}
	}
	return rows
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

func (d drawer) reactions(m client.Message) []string {
	if len(m.Reactions) == 0 {
		return nil
	}
	var list []string
	for _, emoji := range slices.Sorted(maps.Keys(m.Reactions)) {
		var names []string
		for _, account := range m.Reactions[emoji] {
			names = append(names, d.name(account))
		}
		list = append(list, term.Printable(emoji+" "+strings.Join(names, ", ")))
	}
	return []string{"  " + d.styles.dim.Render(strings.Join(list, "   "))}
}
