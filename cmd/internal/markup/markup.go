// Package markup draws what people write in messages as rows of a terminal: a
// subset of Markdown, links, and any script.
//
// Of Markdown it knows **strong**, *emphasis* and _emphasis_, ~~struck~~, `code`,
// blocks between lines of ```, > quotes, - lists and 1. lists, # headings and
// [links](https://…), which show where they lead. A sign counts as one only where
// Markdown and plain text would hardly differ in what they mean: 2*3*4,
// snake_case and ~/path stay as they are, and so does everything else. There are
// no escapes; what stands in code is left alone.
//
// Everything is safe for text of strangers: it takes time and memory in
// proportion to the length of the text, and no control character of it comes out.
package markup

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/term"
)

// Styles are the looks of text, and how its width is measured. The zero value
// draws plain text and keeps the signs around code, which then tell it apart. It
// is safe for concurrent use.
type Styles struct {
	Text, Strong, Emphasis, Struck, Heading, Quote, Link, Found lipgloss.Style

	// Code is how code looks without its signs; nil: as text, with its signs.
	Code *lipgloss.Style

	// Cells is how wide the terminal shows a character.
	Cells ansi.Method
}

// tab is what a tab becomes: columns mean nothing in text that is wrapped.
const tab = "    "

// Rows draws text in rows of at most width cells; of at least one, even for a
// character that needs two. Where one of marks stands it is marked as found. Only
// spaces between words are lost at the ends of rows. There is always a row.
func (s Styles) Rows(text string, width int, marks ...match.Pattern) (rows []string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\t", tab)
	for _, l := range s.lines(strings.Split(text, "\n")) {
		rows = append(rows, s.row(l, max(1, width), marks)...)
	}
	return rows
}

// row draws one line of text.
func (s Styles) row(l line, width int, marks []match.Pattern) (rows []string) {
	if room := width - s.Cells.StringWidth(l.first); room < 8 {
		l.first, l.rest = "", "" // too narrow to show what it is
	}
	chars := s.characters(l.spans)
	find(chars, marks)
	for i, part := range s.wrap(chars, width-s.Cells.StringWidth(l.first), l.code) {
		lead := l.rest
		if i == 0 {
			lead = l.first
		}
		rows = append(rows, s.Quote.Render(lead)+s.render(part))
	}
	return rows
}

// render draws characters, those that look the same at once.
func (s Styles) render(chars []character) string {
	var out strings.Builder
	for len(chars) > 0 {
		n := 1
		for n < len(chars) && chars[n].look == chars[0].look && chars[n].link == chars[0].link {
			n++
		}
		var text strings.Builder
		for _, c := range chars[:n] {
			text.WriteString(c.text)
		}
		out.WriteString(s.style(chars[0]).Render(text.String()))
		chars = chars[n:]
	}
	return out.String()
}

func (s Styles) style(c character) lipgloss.Style {
	style := s.Text
	for _, l := range []struct {
		look  look
		style lipgloss.Style
	}{{heading, s.Heading}, {strong, s.Strong}, {emphasis, s.Emphasis}, {struck, s.Struck}, {link, s.Link}, {found, s.Found}} {
		if c.look&l.look != 0 {
			style = l.style.Inherit(style)
		}
	}
	if c.look&code != 0 && s.Code != nil {
		style = s.Code.Inherit(style)
	}
	if c.link != "" {
		style = style.Hyperlink(c.link)
	}
	return style
}

// find marks the characters at which a pattern stands.
func find(chars []character, marks []match.Pattern) {
	if len(marks) == 0 {
		return
	}
	var text strings.Builder
	for _, c := range chars {
		text.WriteString(c.text)
	}
	for _, p := range marks {
		rest, at, i := text.String(), 0, 0
		for {
			from, to := p.Find(rest)
			if from < 0 || to <= from {
				break
			}
			for ; i < len(chars) && at < len(text.String())-len(rest)+to; i++ {
				if at+len(chars[i].text) > len(text.String())-len(rest)+from {
					chars[i].look |= found
				}
				at += len(chars[i].text)
			}
			rest = rest[to:]
		}
	}
}

// printable is text of which nothing but itself is shown.
func printable(text string) string { return term.Printable(text) }
