// Package match finds what a person looks for in what people wrote: without
// regard to case, to accents and other marks, or to which kind of white space
// stands between words. "zoe" finds "Zoë", "strasse" finds "Straße", "ελλας" finds
// "Ἑλλάς"; the other way round, too.
//
// It is made to look at a million texts in a row: Pattern.In allocates nothing
// for texts of usual length. Everything here is safe for concurrent use.
package match

import (
	"bytes"
	"unicode/utf8"
)

// Pattern is what is looked for. The zero value finds nothing.
type Pattern struct{ folded []byte }

// New returns the pattern for text.
func New(text string) Pattern { return Pattern{appendFold(nil, []byte(text))} }

// Empty reports whether there is nothing to look for, as in text of marks alone.
func (p Pattern) Empty() bool { return len(p.folded) == 0 }

// usual is the length in bytes up to which a text is folded on the stack.
const usual = 512

// In reports whether the pattern stands anywhere in text.
func (p Pattern) In(text []byte) bool {
	if p.Empty() || len(text) < len(p.folded) { // folding makes no text longer
		return false
	}
	var stack [usual]byte
	return bytes.Contains(appendFold(stack[:0], text), p.folded)
}

// Find returns the place of the pattern in text, text[from:to], where it first
// stands there; from is -1 if it does not, or begins within one character.
func (p Pattern) Find(text string) (from, to int) {
	for i := range text {
		if n := p.at(text[i:]); n > 0 {
			return i, i + n
		}
	}
	return -1, -1
}

// at returns the length of the pattern at the beginning of text, with the marks
// that follow; 0 if it does not stand there.
func (p Pattern) at(text string) (n int) {
	rest := p.folded
	var buf [utf8.UTFMax]byte
	for i, r := range text {
		f := appendRune(buf[:0], r)
		switch {
		case i == 0 && (len(f) == 0 || p.Empty()):
			return 0
		case len(f) > 0 && len(rest) == 0:
			return i
		case bytes.HasPrefix(rest, f):
			rest = rest[len(f):]
		case bytes.HasPrefix(f, rest):
			rest = nil
		default:
			return 0
		}
	}
	if len(rest) > 0 {
		return 0
	}
	return len(text)
}
