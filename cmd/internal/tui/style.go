package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/markup"
	"github.com/truce-im/truce/cmd/internal/term"
)

// terminal is what is known of the terminal. It tells it while we run.
type terminal struct {
	light bool        // its background
	bare  bool        // it has no colours, or is to show none
	cells ansi.Method // how wide it shows a character: as the renderer believes
}

// styles are the looks of the screen. Colours are of the sixteen that every
// terminal lets its user choose; where there are none, weight and signs tell the
// same.
type styles struct {
	dim, name, mine, unread, chosen, alarm, here, away, busy, border, badge lipgloss.Style

	text  markup.Styles
	cells ansi.Method
}

func (t terminal) styles() styles {
	color := lipgloss.LightDark(!t.light)
	plain := lipgloss.NewStyle()
	ink := func(light, dark string) lipgloss.Style {
		return plain.Foreground(color(lipgloss.Color(light), lipgloss.Color(dark)))
	}
	s := styles{
		dim:    ink("8", "8"),
		name:   ink("4", "12").Bold(true),
		mine:   ink("2", "10").Bold(true),
		unread: plain.Bold(true),
		chosen: plain.Reverse(true),
		alarm:  ink("1", "9").Bold(true),
		here:   ink("2", "10"),
		away:   ink("3", "11"),
		busy:   ink("1", "9"),
		border: ink("8", "8"),
		badge:  plain.Bold(true).Reverse(true),
		text: markup.Styles{
			Strong:   plain.Bold(true),
			Emphasis: plain.Italic(true),
			Struck:   plain.Strikethrough(true),
			Heading:  plain.Bold(true),
			Quote:    ink("8", "8"),
			Link:     ink("4", "12").Underline(true),
			Found:    plain.Reverse(true),
			Cells:    t.cells,
		},
		cells: t.cells,
	}
	if t.bare {
		s.dim, s.border, s.text.Quote = plain.Faint(true), plain.Faint(true), plain.Faint(true)
		return s
	}
	code := ink("6", "14")
	s.text.Code = &code
	return s
}

// fit makes text exactly so many cells wide.
func (s styles) fit(text string, width int) string {
	if width <= 0 {
		return ""
	}
	text = s.cut(text, width)
	return text + strings.Repeat(" ", max(0, width-s.cells.StringWidth(text)))
}

// cut makes text at most so many cells wide.
func (s styles) cut(text string, width int) string {
	if s.cells.StringWidth(text) <= width {
		return text
	}
	// x/ansi leaves text whole that fits by the other way of measuring.
	return s.cells.Truncate(text+strings.Repeat(" ", width), width, "…")
}

// apart puts right at the end of a row of that width, and cuts left for it.
func (s styles) apart(left, right string, width int) string {
	space := width - s.cells.StringWidth(right)
	if space <= 0 {
		return s.fit(left, width)
	}
	return anchored(s.fit(left, space)) + right
}

// square makes exactly so many rows of exactly that width.
func (s styles) square(rows []string, width, height int) []string {
	for len(rows) < height {
		rows = append(rows, "")
	}
	rows = rows[:height]
	for i := range rows {
		rows[i] = s.fit(rows[i], width)
	}
	return rows
}

// rule is a line across.
func (s styles) rule(width int) string {
	return s.border.Render(strings.Repeat("─", width))
}

func plain(text string) string { return ansi.Strip(text) }

// body wraps text that anybody may have written, behind an indent.
func (s styles) body(text, indent string, width int, style ...lipgloss.Style) (rows []string) {
	room := max(1, width-s.cells.StringWidth(indent)-1)
	for _, line := range strings.Split(text, "\n") {
		for _, row := range strings.Split(s.cells.Wrap(term.Printable(line), room, ""), "\n") {
			for _, st := range style {
				row = st.Render(row)
			}
			rows = append(rows, indent+row)
		}
	}
	return rows
}

// message is body for what somebody wrote in a message.
func (s styles) message(text, indent string, width int, marks []match.Pattern) []string {
	rows := s.text.Rows(text, width-s.cells.StringWidth(indent)-1, marks...)
	for i := range rows {
		rows[i] = indent + rows[i]
	}
	return rows
}
