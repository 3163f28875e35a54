package wire

// NewText returns a message of plain text. CheckText says which text may be
// sent; Encode refuses the rest of what is not UTF-8 or too long.
func NewText(salt [16]byte, text string) Content {
	return Content{Salt: salt, Body: textPart(DispositionRender, text)}
}

// NewReply returns a text that answers the message to.
func NewReply(salt [16]byte, to MessageID, text string) Content {
	c := NewText(salt, text)
	c.InReplyTo = &to
	return c
}

// NewAutoReply returns a text that the program sends while its user is away.
func NewAutoReply(salt [16]byte, text string) Content {
	c := NewText(salt, text)
	c.Extensions = mustMarshal(map[int64]any{extAuto: true})
	return c
}

// NudgeText is what a nudge says to those who do not know of nudges.
const NudgeText = "👋 nudge"

// NewNudge returns a message that asks for attention.
func NewNudge(salt [16]byte) Content {
	c := NewText(salt, NudgeText)
	c.Extensions = mustMarshal(map[int64]any{extNudge: true})
	return c
}

// NewReaction returns a reaction to the message target. CheckEmoji says what
// may be one.
func NewReaction(salt [16]byte, target MessageID, emoji string) Content {
	return Content{Salt: salt, InReplyTo: &target, Body: textPart(DispositionReaction, emoji)}
}

// NewUnreact takes back reaction, by which the same account put emoji to the
// message target. As in the draft it replaces that reaction by nothing. It
// names target and emoji besides, the latter in an extension of ours: a
// program that has not seen reaction yet, or that holds two alike from two
// devices, still knows what is off.
func NewUnreact(salt [16]byte, target, reaction MessageID, emoji string) Content {
	return Content{
		Salt:       salt,
		Replaces:   &reaction,
		InReplyTo:  &target,
		Extensions: mustMarshal(map[int64]any{extEmoji: emoji}),
		Body:       Part{Disposition: DispositionReaction},
	}
}

// NewEdit puts text in the place of that of target, which is the first
// version of a message.
func NewEdit(salt [16]byte, target MessageID, text string) Content {
	c := NewText(salt, text)
	c.Replaces = &target
	return c
}

// NewDelete takes back target, which is the first version of a message.
func NewDelete(salt [16]byte, target MessageID) Content {
	return Content{Salt: salt, Replaces: &target, Body: Part{Disposition: DispositionRender}}
}

func textPart(d Disposition, text string) Part {
	return Part{Disposition: d, Cardinality: SinglePart, ContentType: TypePlain, Content: []byte(text)}
}
