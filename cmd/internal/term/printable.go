// Package term is what the program knows of terminals: what may be written to
// one, in which colours, and a bar that shows progress.
//
// It stands between strings that others wrote and the terminal (rule 33):
// nothing they contain may move the cursor, turn the writing direction, or
// hide. Its functions are safe for concurrent use.
package term

import (
	"strings"
	"unicode/utf8"
)

// Printable makes s safe to print on one line: every character that could do
// anything but show itself is replaced by U+FFFD.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unsafe(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// PrintableText is Printable for the body of a message: newlines and tabs
// stay, and a line may end in CR LF. Lines after the first begin with indent,
// so that no body can look like a line of the program's own.
func PrintableText(s, indent string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		parts := strings.Split(line, "\t")
		for j := range parts {
			parts[j] = Printable(parts[j])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n"+indent)
}

// unsafe reports whether r is a control (C0, DEL, C1), turns the writing
// direction, parts lines or paragraphs, or is an unseen tag.
func unsafe(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7F && r <= 0x9F:
		return true
	case r == 0x061C, r == 0x200E, r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x2028, r == 0x2029:
		return true
	}
	return r >= 0xE0000 && r <= 0xE007F
}
