package chat

import (
	"strings"
	"unicode"

	"github.com/truce-im/truce/chat/wire"
)

// CheckReaction tells whether we may put emoji on a message: what
// wire.CheckEmoji lets pass, and no word. It has a character beyond ASCII and
// not one letter, but for the emoji that Unicode takes for one. To remove one,
// as what others put, it need only pass wire.CheckEmoji. Errors are of CodeUsage.
func CheckReaction(emoji string, remove bool) error {
	if err := wire.CheckEmoji(emoji); err != nil || remove {
		return InputError(err)
	}
	beyond := strings.ContainsFunc(emoji, func(r rune) bool { return r > unicode.MaxASCII })
	if !beyond || strings.ContainsFunc(emoji, isWritten) {
		return Errorf(CodeUsage, "%q is no emoji", emoji).WithHint("a reaction is one, such as 👍")
	}
	return nil
}

// isWritten reports whether r stands in words: a letter, but for ℹ.
func isWritten(r rune) bool { return unicode.IsLetter(r) && r != 'ℹ' }
