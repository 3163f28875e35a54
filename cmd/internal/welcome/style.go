package welcome

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

var white, black = lipgloss.Color("#ffffff"), lipgloss.Color("#000000")

// styles are the looks. Colours are of the sixteen that every terminal lets its user
// choose, but for the code's, which a camera must be able to tell apart; where there
// are none, weight and signs tell the same.
type styles struct {
	dim, title, strong, good, bad, code lipgloss.Style
	turned                              bool // the code stands on light ground, uncoloured
}

func newStyles(dark, colour bool) styles {
	choose := lipgloss.LightDark(dark)
	plain := lipgloss.NewStyle()
	return styles{
		dim:    plain.Foreground(lipgloss.Color("8")),
		title:  plain.Bold(true).Foreground(choose(lipgloss.Color("4"), lipgloss.Color("12"))),
		strong: plain.Bold(true),
		good:   plain.Foreground(choose(lipgloss.Color("2"), lipgloss.Color("10"))),
		bad:    plain.Bold(true).Foreground(choose(lipgloss.Color("1"), lipgloss.Color("9"))),
		code:   plain.Foreground(white).Background(black),
		turned: !dark && !colour,
	}
}

// text wraps paragraphs, with an empty row after each.
func text(width int, paragraphs ...string) (rows []string) {
	for _, p := range paragraphs {
		rows = append(append(rows, wrap(p, min(width, 70))...), "")
	}
	return rows
}

func wrap(s string, width int) []string {
	return strings.Split(ansi.Wrap(s, max(1, width), ""), "\n")
}

// note wraps what went wrong, as a sentence.
func (s styles) note(err string, width int) []string {
	if err == "" {
		return nil
	}
	rows := wrap("! "+sentence(err), width)
	for i := range rows {
		rows[i] = s.bad.Render(rows[i])
	}
	return rows
}

// sentence begins with a capital letter and ends in a full stop.
func sentence(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[n:]
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

func cut(s string, width int) string { return ansi.Truncate(s, max(0, width), "…") }

// tall makes exactly so many rows.
func tall(rows []string, height int) []string {
	for len(rows) < height {
		rows = append(rows, "")
	}
	return rows[:max(0, height)]
}

// apart puts right at the end of a row of that width, and cuts left for it.
func apart(left, right string, width int) string {
	room := width - ansi.StringWidth(right) - 1
	left = cut(left, room)
	return left + strings.Repeat(" ", max(1, width-ansi.StringWidth(left)-ansi.StringWidth(right))) + right
}

// whole is as many of the keys as fit, none cut.
func whole(keys string, width int) string {
	for ansi.StringWidth(keys) > width {
		i := strings.LastIndex(keys, " · ")
		if i < 0 {
			return ""
		}
		keys = keys[:i]
	}
	return keys
}
