package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckName tells whether s may be a name: valid UTF-8, 1 to MaxName
// characters, none of them a control, a format character or else unseen, no
// space at either end, and not of the form of an address or a room. Two names
// must not look alike by what nobody sees. The class of an error begins with
// "name-".
func CheckName(s string) error {
	switch {
	case !utf8.ValidString(s):
		return failf("name-utf8", "a name is UTF-8")
	case s == "":
		return failf("name-empty", "a name has at least one character")
	case utf8.RuneCountInString(s) > MaxName:
		return failf("name-length", "a name has at most %d characters", MaxName)
	case strings.TrimSpace(s) != s:
		return failf("name-space", "a name has no space at its ends")
	case strings.HasPrefix(s, "#"):
		return failf("name-room", "a name does not begin with #")
	case len(s) == AddressLen && isAddressForm(s):
		return failf("name-address", "a name is not an address")
	}
	runes := []rune(s)
	for i := range runes {
		if unseenAt(runes, i) {
			return failf("name-control", "a name has no control characters and none that cannot be seen")
		}
	}
	return nil
}

// isAddressForm counts an address with a typing error in.
func isAddressForm(s string) bool {
	_, err := ParseAccount(s)
	return ErrorClass(err) != "address-alphabet"
}

const (
	joiner     = '\u200d'
	textStyle  = '\ufe0e'
	emojiStyle = '\ufe0f'
	keycap     = '\u20e3'
)

// viramas are the signs after which a joiner changes how a letter of India or
// Sri Lanka looks (RFC 5892, appendix A.2).
const viramas = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"

// unseenAt reports whether the character at i must not stand there in a name.
// A joiner may, where it makes one emoji of two or shapes a letter; so may the
// choice of style after a symbol and in a keycap.
func unseenAt(name []rune, i int) bool {
	var before, after rune
	if i > 0 {
		before = name[i-1]
	}
	if i+1 < len(name) {
		after = name[i+1]
	}
	switch name[i] {
	case joiner:
		emoji := (unicode.IsSymbol(before) || before == emojiStyle) && unicode.IsSymbol(after)
		return !emoji && !(strings.ContainsRune(viramas, before) && unicode.IsLetter(after))
	case textStyle, emojiStyle:
		return !unicode.IsSymbol(before) && after != keycap
	}
	return isControl(name[i]) || isBlank(name[i])
}

// isControl also keeps out line and paragraph separators and what turns the
// writing direction.
func isControl(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}

// isBlank reports whether r, though a letter, a mark or a symbol, shows nothing.
func isBlank(r rune) bool {
	const brailleBlank = '\u2800'
	return r == brailleBlank || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// CheckNote tells whether s may be the note with a request: valid UTF-8 and at
// most MaxNote characters, which may be none. It may hold control characters.
func CheckNote(s string) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxNote {
		return failf("note-length", "a note is UTF-8 of at most %d characters", MaxNote)
	}
	return nil
}

// CheckText tells whether s may be the text of a message: valid UTF-8 of 1 to
// MaxText bytes. Errors are of class "text-utf8", "text-length" or "text-empty".
func CheckText(s string) error {
	switch {
	case !utf8.ValidString(s):
		return failf("text-utf8", "a message is UTF-8")
	case len(s) > MaxText:
		return failf("text-length", "a message has at most %d bytes, this one has %d", MaxText, len(s))
	case s == "":
		return failf("text-empty", "the message is empty: write a text")
	}
	return nil
}
