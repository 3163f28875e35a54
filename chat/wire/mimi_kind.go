package wire

import (
	"unicode"
	"unicode/utf8"
)

// ContentKind is what a message does in a conversation.
type ContentKind uint8

// The kinds of content.
const (
	ContentUnknown    ContentKind = iota // a message this version cannot show
	ContentText                          // a message with something to read
	ContentReaction                      // puts Emojis to the message InReplyTo
	ContentUnreaction                    // takes back the reaction Replaces
	ContentEdit                          // puts its body in the place of that of Replaces
	ContentDelete                        // takes back the message Replaces
)

var contentKinds = [...]string{"unknown", "text", "reaction", "unreaction", "edit", "delete"}

func (k ContentKind) String() string {
	if int(k) < len(contentKinds) {
		return contentKinds[k]
	}
	return contentKinds[ContentUnknown]
}

// Kind tells what c does. It looks at c alone: whether the account may do so
// to that message is for the caller to judge. An edit may have a body without
// any text. Of a reaction that has Replaces, too, the reaction of that id is
// taken back in exchange.
func (c Content) Kind() ContentKind {
	null := c.Body.Cardinality == NullPart
	reaction := c.Body.Disposition == DispositionReaction
	switch {
	case null && c.Replaces == nil:
		return ContentUnknown
	case null && reaction:
		return ContentUnreaction
	case null:
		return ContentDelete
	case reaction && c.InReplyTo != nil && len(c.Emojis()) > 0:
		return ContentReaction
	case reaction:
		return ContentUnknown
	case c.Replaces != nil:
		return ContentEdit
	}
	if _, ok := c.Text(); !ok {
		return ContentUnknown
	}
	return ContentText
}

// Emojis returns what a reaction puts to its target, or what an unreaction
// takes away: 1 to MaxEmojis strings that CheckEmoji lets pass. It is nil for
// any other content, and for an unreaction from a program that tells only the
// id.
func (c Content) Emojis() []string {
	if c.Body.Disposition != DispositionReaction {
		return nil
	}
	parts := []Part{c.Body}
	switch c.Body.Cardinality {
	case NullPart:
		return c.Extensions.emojis()
	case MultiPart:
		parts = c.Body.Parts
		if c.Body.Semantics != ProcessAll || len(parts) > MaxEmojis {
			return nil
		}
	}
	var emojis []string
	for i := range parts {
		emoji, ok := parts[i].singleText()
		if !ok || parts[i].Disposition != DispositionReaction || CheckEmoji(emoji) != nil {
			return nil
		}
		emojis = append(emojis, emoji)
	}
	return emojis
}

// Auto reports whether c is marked as written by a program for a user who is
// away. To such a message no program answers by itself.
func (c Content) Auto() bool { return c.Extensions.value(extAuto) == true }

// Nudge reports whether c is marked as a nudge.
func (c Content) Nudge() bool { return c.Extensions.value(extNudge) == true }

// CheckEmoji tells whether s may be a reaction: valid UTF-8 of 1 to MaxEmoji
// bytes without spaces and control characters. Which symbols are emoji
// changes with every version of Unicode, so that is not asked. Errors are of
// class "emoji".
func CheckEmoji(s string) error {
	if s == "" || len(s) > MaxEmoji || !utf8.ValidString(s) {
		return failf("emoji", "a reaction is 1 to %d bytes of UTF-8", MaxEmoji)
	}
	for _, r := range s {
		if unicode.IsSpace(r) || isControl(r) && r != joiner && !isFlagTag(r) {
			return failf("emoji", "a reaction has no spaces and no control characters")
		}
	}
	return nil
}

// isFlagTag reports whether r spells a region in a flag such as that of Wales.
func isFlagTag(r rune) bool { return r >= 0xE0020 && r <= 0xE007F }
