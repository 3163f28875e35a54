package tui

import (
	"strings"
	"unicode"
)

// leftToRight is a character that shows nothing. Behind it a terminal that orders
// scripts by itself goes on from left to right.
const leftToRight = "\u200e"

// anchored is text behind which whatever follows stays in its place, even if the
// text is in a script that is written from right to left.
func anchored(text string) string {
	if strings.ContainsFunc(text, rightToLeft) {
		return text + leftToRight
	}
	return text
}

func rightToLeft(r rune) bool {
	return r >= 0x0590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam,
		unicode.Samaritan, unicode.Mandaic, unicode.Hanifi_Rohingya)
}
