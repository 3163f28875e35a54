package wire

// Limits of MIMI content (draft-ietf-mimi-content-08, "General handling"). A
// message over one of them is refused whole, by Encode and by DecodeContent.
const (
	MaxContent    = MaxBody // bytes of one encoded message: it is the body of an event
	MaxParts      = 1024    // parts of one message, those with parts inside counted too
	MaxLevels     = 4       // levels of parts; the body is level 1
	MaxField      = 4096    // bytes of a field of a part other than its content, and of a topic
	MaxExtensions = 4095    // bytes of the encoded extensions: what the draft lets one value have
	MaxExtEntries = 16      // extensions in one message: eight times the two that are registered
	MaxEmoji      = 64      // bytes of one reaction: the longest sequence in Unicode 16 has 35
	MaxEmojis     = 16      // reactions in one message; one with more cannot be shown
)

// The media types of text that every MIMI program reads. The content of a part
// that has exactly one of these is UTF-8 of at most MaxText bytes.
const (
	TypePlain    = "text/plain;charset=utf-8"
	TypeMarkdown = "text/markdown;variant=GFM-MIMI"
)

// Content is one message of type application/mimi-content. The zero value is a
// message with an empty body, which means nothing. Who sent it and in which
// conversation follows from the link it came over, never from the content:
// the extensions for these (1 and 2) are refused.
type Content struct {
	Salt       [16]byte   // random, never used twice
	Replaces   *MessageID // the first version of the message that this one edits or deletes
	Topic      []byte     // the same in all messages of a thread; at most MaxField
	Expires    *Expires   // nil: never
	InReplyTo  *MessageID
	Extensions Extensions
	Body       Part
}

// Expires asks the reader's program to delete the message: Seconds after it
// was read if Relative, else at that many seconds of Unix time. It is up to
// the caller to disregard a message that expires over a year from now.
type Expires struct {
	Relative bool
	Seconds  uint32
}

// Part is the body of a message or one of the parts nested in it. Cardinality
// tells which of the fields below it count; Encode leaves out the others.
type Part struct {
	Disposition Disposition
	Language    string // RFC 5646 tags with commas between, or empty
	Cardinality Cardinality

	ContentType string    // media type, of a single or an external part
	Content     []byte    // of a single part
	External    *External // of an external part; nil is a zero External
	Semantics   Semantics // of a multi part
	Parts       []Part    // of a multi part; at least 2
}

// External says where the content of a part is, and how to open it.
type External struct {
	URL         string
	Expires     uint32 // Unix time in seconds; 0: never
	Size        uint64 // bytes; 0: not told
	EncAlg      uint16 // IANA AEAD algorithm; 0: not encrypted
	Key         []byte
	Nonce       []byte
	AAD         []byte
	HashAlg     uint8 // IANA Named Information hash algorithm; 1 is SHA-256
	Hash        []byte
	Description string // for those who cannot see the content; may be empty
	Filename    string // suggested, by a stranger: never a path; may be empty
}

// Disposition is what a part is meant for. A value that is not among these
// counts as DispositionRender.
type Disposition uint8

// The registered dispositions.
const (
	DispositionUnspecified Disposition = 0
	DispositionRender      Disposition = 1
	DispositionReaction    Disposition = 2
	DispositionProfile     Disposition = 3
	DispositionInline      Disposition = 4
	DispositionIcon        Disposition = 5
	DispositionAttachment  Disposition = 6
	DispositionSession     Disposition = 7
	DispositionPreview     Disposition = 8
)

// Cardinality is the form of a part.
type Cardinality uint8

// The forms of a part.
const (
	NullPart     Cardinality = 0 // nothing: deletes what the message replaces
	SinglePart   Cardinality = 1 // content in the message
	ExternalPart Cardinality = 2 // content elsewhere
	MultiPart    Cardinality = 3 // parts
)

// Semantics is how the parts of a multi part belong together.
type Semantics uint8

// The semantics of a multi part.
const (
	ChooseOne  Semantics = 0 // the same in several forms: take one
	SingleUnit Semantics = 1 // one thing, such as a text and its image
	ProcessAll Semantics = 2 // several things
)
