package markup

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// character is what a reader takes for one: a letter with its accents, a whole
// emoji.
type character struct {
	text  string
	width int
	look  look
	link  string
}

// maxRunes is how many runes of a character are shown: a family of four with the
// colours of their skin has 11. More are accents heaped up to cover other rows.
const maxRunes = 12

// characters takes spans apart.
func (s Styles) characters(spans []span) (list []character) {
	for _, p := range spans {
		text := printable(p.text)
		if p.look&code != 0 && s.Code != nil && strings.HasPrefix(text, "`") {
			text = strings.Trim(text, "`")
		}
		target := ""
		if p.target == text && len(text) <= maxTarget { // nothing in it was replaced
			target = p.target
		}
		for len(text) > 0 {
			whole, width := ansi.FirstGraphemeCluster(text, s.Cells)
			text = text[len(whole):]
			list = append(list, character{s.bounded(whole, &width), width, p.look, target})
		}
	}
	return list
}

// bounded is a character without what is too much of it.
func (s Styles) bounded(whole string, width *int) string {
	if len(whole) <= maxRunes {
		return whole
	}
	n := 0
	for i := range whole {
		if n++; n > maxRunes {
			*width = s.Cells.StringWidth(whole[:i])
			return whole[:i]
		}
	}
	return whole
}

// wrap breaks a line into rows: between words, around characters that are two
// cells wide, and within a word that is longer than a row.
func (s Styles) wrap(chars []character, width int, cut bool) (rows [][]character) {
	start, used := 0, 0 // of the row
	last := -1          // where the row may end; what is from there on has this width
	behind := 0
	for i, c := range chars {
		if !cut && i > start && c.text != " " && (chars[i-1].text == " " || c.wide() || chars[i-1].wide()) && !c.trails() {
			last, behind = i, 0
		}
		for used+c.width > width && i > start && (cut || c.text != " ") {
			if last <= start {
				last, behind = i, 0
			}
			rows = append(rows, trimmed(chars[start:last], cut))
			start, used, last = last, behind, -1
		}
		used += c.width
		behind += c.width
	}
	return append(rows, trimmed(chars[start:], cut))
}

// wide reports whether c is of those that stand without spaces between them.
func (c character) wide() bool { return c.width == 2 && c.look&(link|code) == 0 }

// trails reports whether c may not begin a row.
func (c character) trails() bool {
	return strings.Contains(".,;:!?)]}…。，、！？）」』", c.text)
}

// trimmed is a row without the spaces at its end.
func trimmed(row []character, keep bool) []character {
	for !keep && len(row) > 0 && row[len(row)-1].text == " " {
		row = row[:len(row)-1]
	}
	return row
}
