package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/cmd/internal/term"
)

// styles are the looks of the screen. Colours are of the sixteen that every
// terminal lets its user choose; where there are none, weight and signs tell the
// same.
type styles struct {
	dim, name, mine, unread, chosen, alarm, here, away, busy, border, badge, found lipgloss.Style
}

func newStyles(dark bool) styles {
	choose := lipgloss.LightDark(dark)
	plain := lipgloss.NewStyle()
	return styles{
		dim:    plain.Foreground(choose(lipgloss.Color("8"), lipgloss.Color("8"))),
		name:   plain.Bold(true).Foreground(choose(lipgloss.Color("4"), lipgloss.Color("12"))),
		mine:   plain.Bold(true).Foreground(choose(lipgloss.Color("2"), lipgloss.Color("10"))),
		unread: plain.Bold(true),
		chosen: plain.Reverse(true),
		alarm:  plain.Bold(true).Foreground(choose(lipgloss.Color("1"), lipgloss.Color("9"))),
		here:   plain.Foreground(choose(lipgloss.Color("2"), lipgloss.Color("10"))),
		away:   plain.Foreground(choose(lipgloss.Color("3"), lipgloss.Color("11"))),
		busy:   plain.Foreground(choose(lipgloss.Color("1"), lipgloss.Color("9"))),
		border: plain.Foreground(lipgloss.Color("8")),
		badge:  plain.Bold(true).Reverse(true),
		found:  plain.Bold(true).Underline(true),
	}
}

// fit makes text exactly so many cells wide.
func fit(text string, width int) string {
	if width <= 0 {
		return ""
	}
	text = ansi.Truncate(text, width, "…")
	for n := width - ansi.StringWidth(text); n > 0; n-- {
		text += " "
	}
	return text
}

// apart puts right at the end of a row of that width, and cuts left for it.
func apart(left, right string, width int) string {
	space := width - ansi.StringWidth(right)
	if space <= 0 {
		return fit(left, width)
	}
	return fit(left, space) + right
}

func plain(text string) string { return ansi.Strip(text) }

// body wraps text that anybody may have written, behind an indent.
func (s styles) body(text, indent string, width int, style ...lipgloss.Style) (rows []string) {
	for _, line := range strings.Split(text, "\n") {
		for _, row := range strings.Split(ansi.Wrap(term.Printable(line), max(1, width-ansi.StringWidth(indent)-1), ""), "\n") {
			for _, st := range style {
				row = st.Render(row)
			}
			rows = append(rows, indent+row)
		}
	}
	return rows
}

// message is body for what somebody wrote in a message.
func (s styles) message(text, indent string, width int, marks []string) []string {
	return s.body(text, indent, width)
}
