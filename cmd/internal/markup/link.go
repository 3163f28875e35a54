package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// schemes are what links begin with.
var schemes = []string{"https://", "http://", "truce:", "mailto:"}

// maxTarget is how long in bytes the target of a link with words may be. There may
// be many that look like one.
const maxTarget = 2048

// urlAt returns the length of the link that begins at i, if one does. What ends a
// sentence and a bracket that was opened before it are no part of it.
func urlAt(text string, i int) int {
	if before, _ := utf8.DecodeLastRuneInString(text[:i]); i > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
		return 0
	}
	scheme := 0
	for _, s := range schemes {
		if len(text)-i > len(s) && strings.EqualFold(text[i:i+len(s)], s) {
			scheme = len(s)
		}
	}
	if scheme == 0 {
		return 0
	}
	end := strings.IndexFunc(text[i:], func(r rune) bool {
		return r <= ' ' || r == utf8.RuneError || strings.ContainsRune("<>\"`", r) || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	if end < 0 {
		end = len(text) - i
	}
	if end = trim(text[i : i+end]); end <= scheme {
		return 0
	}
	return end
}

// trim returns the length of a link without what belongs to the sentence around it.
func trim(url string) int {
	open := strings.Count(url, "(") - strings.Count(url, ")")
	for len(url) > 0 {
		r, n := utf8.DecodeLastRuneInString(url)
		switch {
		case strings.ContainsRune(".,;:!?'*_~]}…。，、！？）」", r):
		case r == ')' && open < 0:
			open++
		default:
			return len(url)
		}
		url = url[:len(url)-n]
	}
	return 0
}

// labelled takes [words](target), and shows both.
func (s *scanner) labelled(i int) int {
	text := s.text[i:]
	mid := strings.IndexAny(text[1:], "[]") + 1
	if mid <= 1 || !strings.HasPrefix(text[mid:], "](") {
		return 0
	}
	from := mid + len("](")
	n := strings.IndexByte(text[from:min(len(text), from+maxTarget)], ')')
	if n < 0 {
		return 0
	}
	label, target := text[1:mid], text[from:from+n]
	if target == "" || urlAt(target, 0) != len(target) {
		return 0
	}
	shown := span{text: target, look: link, target: target}
	if label == target {
		s.add(i, shown)
	} else {
		s.add(i, span{text: label}, span{text: " ("}, shown, span{text: ")"})
	}
	return from + n + 1
}
