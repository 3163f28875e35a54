package match

import (
	"encoding/binary"
	"slices"
	"unicode"
	"unicode/utf8"
)

// appendFold appends text as it is compared, which is no longer than text. Eight
// bytes of plain ASCII are taken at a time, what has two bytes from a table. It
// is most of what a search does beside opening rows: hence one function.
func appendFold(dst, text []byte) []byte {
	dst = slices.Grow(dst, len(text))
	for i := 0; i < len(text); {
		if i+8 <= len(text) {
			if w := binary.LittleEndian.Uint64(text[i:]); plain(w) {
				dst = binary.LittleEndian.AppendUint64(dst, lower(w))
				i += 8
				continue
			}
		}
		for end := min(i+8, len(text)); i < end; {
			switch c := text[i]; {
			case c < utf8.RuneSelf:
				dst = append(dst, low[c][0])
				i++
			case c >= 0xC2 && c < 0xE0 && i+1 < len(text) && text[i+1]&0xC0 == 0x80:
				dst = append(dst, low[uint16(c&0x1F)<<6|uint16(text[i+1]&0x3F)]...)
				i += 2
			default:
				r, n := utf8.DecodeRune(text[i:])
				if r == utf8.RuneError || uncased(r) {
					dst = append(dst, text[i:i+n]...)
				} else {
					dst = appendRune(dst, r)
				}
				i += n
			}
		}
	}
	return dst
}

// The same byte eight times.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// plain reports whether all eight bytes of w are ASCII and no controls.
func plain(w uint64) bool { return w&highs == 0 && (w-0x20*ones)&highs == 0 }

// lower turns the capital letters among eight bytes of ASCII into small ones.
func lower(w uint64) uint64 {
	fromA := w + (0x80-'A')*ones
	overZ := w + (0x80-'Z'-1)*ones
	return w | (fromA&^overZ&highs)>>2
}

// uncased reports whether r is of those scripts and signs, most of what takes
// three bytes or four, in which there is nothing to fold.
func uncased(r rune) bool {
	return r >= 0x2E80 && r < 0xA640 || r >= 0xAC00 && r < 0xFB00 || r >= 0x1F000
}

// low has what each character below U+0800 is compared as.
var low = func() (t [0x800]string) {
	for r := range rune(len(t)) {
		t[r] = slowFold(r)
	}
	return t
}()

// appendRune appends what r is compared as.
func appendRune(dst []byte, r rune) []byte {
	if r < rune(len(low)) {
		return append(dst, low[r]...)
	}
	return append(dst, slowFold(r)...)
}

func slowFold(r rune) string {
	if unicode.In(r, ignored) {
		return ""
	}
	if unicode.IsSpace(r) {
		return " "
	}
	r = unicode.ToLower(unicode.ToUpper(r)) // by way of the capital: final sigma, long s
	if s, ok := letters[r]; ok {
		return s
	}
	return string(r)
}
