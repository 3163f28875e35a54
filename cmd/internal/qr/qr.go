// Package qr draws QR codes (ISO/IEC 18004): bytes at error correction level L,
// which is enough for a screen. It is pure and safe for concurrent use.
package qr

import (
	"errors"
	"strings"
)

// ErrTooLong says that the text does not fit the largest code: 2,953 bytes.
var ErrTooLong = errors.New("the text is too long for a QR code")

// Code is a QR code: a square of dark and light modules.
type Code struct {
	Size int
	dark []bool
	used []bool // modules that carry no data
}

// Dark reports whether the module in column x and row y is dark. Those outside
// are light.
func (c *Code) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && x < c.Size && y < c.Size && c.dark[y*c.Size+x]
}

// Encode makes the smallest code that holds text.
func Encode(text string) (*Code, error) {
	v := smallest(len(text))
	if v == 0 {
		return nil, ErrTooLong
	}
	words := protect(v, dataWords(v, text))
	var best *Code
	for mask := range 8 {
		c := draw(v, words, mask)
		if best == nil || c.penalty() < best.penalty() {
			best = c
		}
	}
	return best, nil
}

// quiet is how many light modules surround a code (ISO/IEC 18004 §6.3.8).
const quiet = 4

// Width is how many columns String takes.
func (c *Code) Width() int { return c.Size + 2*quiet }

// String draws the code for a terminal with light letters on dark ground, two
// rows of modules to a line. On other grounds give it these colours: a code with
// light and dark exchanged is one that not every camera reads.
func (c *Code) String() string {
	var b strings.Builder
	for y := -quiet; y < c.Size+quiet; y += 2 {
		for x := -quiet; x < c.Size+quiet; x++ {
			upper, lower := !c.Dark(x, y), !c.Dark(x, y+1)
			switch {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteRune(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
