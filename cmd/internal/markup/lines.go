package markup

import (
	"regexp"
	"strings"
)

// line is a line of text, and what stands before it on its first row and on
// those that follow.
type line struct {
	first, rest string
	spans       []span
	code        bool // cells are kept as they are, words may be cut
}

// maxQuotes is how many bars a quote of a quote has at most.
const maxQuotes = 4

var (
	headingSign = regexp.MustCompile(`^#{1,6} +`)
	bulletSign  = regexp.MustCompile(`^( {0,12})[-*+] +`)
	taskSign    = regexp.MustCompile(`^\[([ xX])\] +`)
	numberSign  = regexp.MustCompile(`^ {0,12}\d{1,9}[.)] +`)
)

const fence = "```"

// lines tells what each line is.
func (s Styles) lines(texts []string) (list []line) {
	closing := -1 // of the last fence there is
	for i, text := range texts {
		if strings.TrimSpace(text) == fence {
			closing = i
		}
	}
	for i := 0; i < len(texts); i++ {
		if i >= closing-1 || !opens(texts[i]) {
			list = append(list, s.line(texts[i]))
			continue
		}
		for i++; strings.TrimSpace(texts[i]) != fence; i++ {
			list = append(list, line{"▏ ", "▏ ", []span{{text: texts[i], look: code}}, true})
		}
	}
	return list
}

// opens reports whether a block of code begins behind this line.
func opens(text string) bool {
	after, ok := strings.CutPrefix(strings.TrimSpace(text), fence)
	return ok && !strings.Contains(after, "`")
}

// line tells what a line outside a block is.
func (s Styles) line(text string) (l line) {
	for quotes := 0; strings.HasPrefix(text, ">") && quotes < maxQuotes; quotes++ {
		l.first, l.rest = l.first+"│ ", l.rest+"│ "
		text = strings.TrimPrefix(text[1:], " ")
	}
	switch sign := []int(nil); {
	case headingSign.MatchString(text):
		l.spans = inline(text[headingSign.FindStringIndex(text)[1]:], heading)
		return l
	case bulletSign.MatchString(text):
		sign = bulletSign.FindStringSubmatchIndex(text)
		mark, rest := "• ", text[sign[1]:]
		if task := taskSign.FindStringSubmatch(rest); task != nil {
			mark, rest = "☐ ", rest[len(task[0]):]
			if task[1] != " " {
				mark = "☑ "
			}
		}
		l.hang(text[:sign[3]]+mark, s)
		text = rest
	case numberSign.MatchString(text):
		sign = numberSign.FindStringIndex(text)
		l.hang(text[:sign[1]], s)
		text = text[sign[1]:]
	}
	l.spans = inline(text, 0)
	return l
}

// hang puts a sign before the line, under which nothing stands.
func (l *line) hang(sign string, s Styles) {
	l.first += sign
	l.rest += strings.Repeat(" ", s.Cells.StringWidth(sign))
}
