package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// look is how text is to look.
type look uint8

const (
	strong look = 1 << iota
	emphasis
	struck
	code
	heading
	link
	found
)

// span is text that looks the same.
type span struct {
	text   string
	look   look
	target string // of a link

	sign  look // it is a sign that begins or ends this look, if another one does the other
	open  bool
	close bool
}

// scanner takes a line apart, from left to right. It looks ahead no further than
// the length of a link, but for the end of code, and for that only while there is one.
type scanner struct {
	text   string
	at     int // up to where text has been taken
	spans  []span
	noCode bool
}

// inline tells what stands in a line, on top of what all of it looks like.
func inline(text string, all look) []span {
	s := scanner{text: text}
	for i := 0; i < len(text); {
		n := s.span(i)
		if n == 0 {
			i++
			continue
		}
		i += n
		s.at = i
	}
	s.flush(len(text))
	pair(s.spans)
	for i := range s.spans {
		s.spans[i].look |= all
	}
	return s.spans
}

func (s *scanner) flush(to int) {
	if s.at < to {
		s.spans = append(s.spans, span{text: s.text[s.at:to]})
	}
	s.at = to
}

func (s *scanner) add(i int, list ...span) {
	s.flush(i)
	s.spans = append(s.spans, list...)
}

// span takes what begins at i, and returns its length; 0: plain text.
func (s *scanner) span(i int) int {
	switch c := s.text[i]; c {
	case '`':
		return s.code(i)
	case '*', '_', '~':
		return s.sign(i, c)
	case '[':
		return s.labelled(i)
	case 'h', 'H', 't', 'T', 'm', 'M':
		if n := urlAt(s.text, i); n > 0 {
			s.add(i, span{text: s.text[i : i+n], look: link, target: s.text[i : i+n]})
			return n
		}
	}
	return 0
}

// code takes text between two backticks.
func (s *scanner) code(i int) int {
	if s.noCode {
		return 0
	}
	n := strings.IndexByte(s.text[i+1:], '`')
	switch {
	case n < 0:
		s.noCode = true
		return 0
	case n == 0:
		return 0
	}
	s.add(i, span{text: s.text[i : i+n+2], look: code})
	return n + 2
}

// sign takes a run of the signs around emphasis.
func (s *scanner) sign(i int, c byte) int {
	n := len(s.text[i:]) - len(strings.TrimLeft(s.text[i:], string(c)))
	before, _ := utf8.DecodeLastRuneInString(s.text[:i])
	after, _ := utf8.DecodeRuneInString(s.text[i+n:])
	open := i+n < len(s.text) && !unicode.IsSpace(after) && (i == 0 || !inWord(before))
	closes := i > 0 && !unicode.IsSpace(before) && (i+n == len(s.text) || !inWord(after))
	mark := func(size int, l look) span {
		return span{text: strings.Repeat(string(c), size), sign: l, open: open, close: closes}
	}
	switch {
	case c == '~' && n == 2:
		s.add(i, mark(2, struck))
	case c != '~' && n == 1:
		s.add(i, mark(1, emphasis))
	case c == '*' && n == 2:
		s.add(i, mark(2, strong))
	case c == '*' && n == 3 && closes:
		s.add(i, mark(1, emphasis), mark(2, strong))
	case c == '*' && n == 3:
		s.add(i, mark(2, strong), mark(1, emphasis))
	default:
		s.flush(i + n)
	}
	return n
}

// inWord reports whether a sign beside r stands within a word. Scripts that put no
// space between words have none.
func inWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// pair finds the two ends of each emphasis, takes their signs away, and gives
// what stands between them its look.
func pair(spans []span) {
	opened := map[string]int{}
	begin, end := make([]look, len(spans)+1), make([]look, len(spans)+1)
	for i, s := range spans {
		if s.sign == 0 {
			continue
		}
		if from, ok := opened[s.text]; ok && s.close && i > from+1 {
			begin[from] |= s.sign
			end[i] |= s.sign
			spans[from].text, spans[i].text = "", ""
			for sign, at := range opened {
				if at >= from {
					delete(opened, sign)
				}
			}
		} else if s.open {
			opened[s.text] = i
		}
	}
	var now look
	for i := range spans {
		now = now&^end[i] | begin[i]
		spans[i].look |= now
	}
}
