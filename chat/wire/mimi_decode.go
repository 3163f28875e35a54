package wire

import (
	"bytes"
	"math"

	"github.com/fxamacker/cbor/v2"
)

// DecodeContent decodes one message, which shares no memory with b. What it
// accepts, Encode turns into the same bytes. Errors are of class
//
//	cbor           not well-formed, or cut off
//	non-canonical  not in deterministic CBOR (RFC 8949 §4.2.1)
//	trailing       bytes after the message
//	bad-type       another type, number of fields or value than the draft has
//	bad-utf8       a text that is not UTF-8
//	too-large      over MaxContent, MaxText, MaxField or MaxExtensions
//	too-many       over MaxParts or MaxExtEntries
//	too-deep       over MaxLevels
//	sender         an extension that names the sender or the conversation
func DecodeContent(b []byte) (Content, error) {
	if len(b) > MaxContent {
		return Content{}, failf("too-large", "a message has over %d bytes", MaxContent)
	}
	r := contentReader{rest: b, parts: 1}
	c := r.content()
	if r.err == nil && len(r.rest) > 0 {
		r.fail("trailing", "%d bytes follow the message", len(r.rest))
	}
	if r.err != nil {
		return Content{}, r.err
	}
	return c, nil
}

func (r *contentReader) content() (c Content) {
	r.array(lenContent)
	copy(c.Salt[:], r.fixed(len(c.Salt)))
	c.Replaces = r.id()
	c.Topic = bytes.Clone(r.bytes(MaxField))
	c.Expires = r.expires()
	c.InReplyTo = r.id()
	c.Extensions = r.extensions()
	r.part(&c.Body, 1)
	return c
}

func (r *contentReader) id() *MessageID {
	if r.null() {
		return nil
	}
	id := new(MessageID)
	copy(id[:], r.fixed(len(id)))
	return id
}

func (r *contentReader) expires() *Expires {
	if r.null() {
		return nil
	}
	r.array(lenExpires)
	return &Expires{Relative: r.bool(), Seconds: uint32(r.uint(math.MaxUint32))}
}

func (r *contentReader) extensions() Extensions {
	if r.err != nil || r.simple(cborEmptyMap) {
		return nil
	}
	if len(r.rest) > 0 && r.rest[0]>>5 != cborMap {
		r.fail("bad-type", "the extensions are a map")
		return nil
	}
	var raw cbor.RawMessage
	rest, err := decMode.UnmarshalFirst(r.rest, &raw)
	if err != nil {
		r.fail("cbor", "not the expected CBOR: %w", err)
		return nil
	}
	r.rest = rest
	if err := Extensions(raw).check(); err != nil {
		r.err = err
		return nil
	}
	return Extensions(raw)
}

// part reads one part of a level; r.parts counts it already.
func (r *contentReader) part(p *Part, level int) {
	n := r.head(cborArray)
	p.Disposition = Disposition(r.uint(math.MaxUint8))
	p.Language = r.text(MaxField)
	p.Cardinality = Cardinality(r.uint(uint64(MultiPart)))
	if n != p.Cardinality.fields() {
		r.fail("bad-type", "a part of form %d has %d fields", p.Cardinality, n)
	}
	switch p.Cardinality {
	case SinglePart:
		p.ContentType = r.contentType()
		p.Content = r.contentBytes(p.ContentType)
	case ExternalPart:
		p.ContentType = r.contentType()
		p.External = r.external()
	case MultiPart:
		p.Semantics = Semantics(r.uint(uint64(ProcessAll)))
		r.nested(p, level+1)
	}
}

// nested reads the parts of a multi part, after it has made sure that there
// can be as many as declared.
func (r *contentReader) nested(p *Part, level int) {
	const shortest = 4 // bytes of a null part
	n := r.head(cborArray)
	switch {
	case level > MaxLevels:
		r.fail("too-deep", "a message has over %d levels of parts", MaxLevels)
		return
	case r.err != nil:
		return
	case n > uint64(MaxParts-r.parts):
		r.fail("too-many", "a message has over %d parts", MaxParts)
		return
	case n < 2:
		r.fail("bad-type", "a part of form %d has at least 2 parts", MultiPart)
		return
	case n > uint64(len(r.rest)/shortest):
		r.failShort()
		return
	}
	r.parts += int(n)
	p.Parts = make([]Part, n)
	for i := range p.Parts {
		if r.part(&p.Parts[i], level); r.err != nil {
			return
		}
	}
}

func (r *contentReader) external() *External {
	return &External{
		URL:         r.text(MaxField),
		Expires:     uint32(r.uint(math.MaxUint32)),
		Size:        r.uint(math.MaxUint64),
		EncAlg:      uint16(r.uint(math.MaxUint16)),
		Key:         bytes.Clone(r.bytes(MaxField)),
		Nonce:       bytes.Clone(r.bytes(MaxField)),
		AAD:         bytes.Clone(r.bytes(MaxField)),
		HashAlg:     uint8(r.uint(math.MaxUint8)),
		Hash:        bytes.Clone(r.bytes(MaxField)),
		Description: r.text(MaxField),
		Filename:    r.text(MaxField),
	}
}

// contentType spares the usual types an allocation.
func (r *contentReader) contentType() string {
	switch b := r.textBytes(MaxField); string(b) {
	case TypePlain:
		return TypePlain
	case TypeMarkdown:
		return TypeMarkdown
	default:
		return string(b)
	}
}

func (r *contentReader) contentBytes(contentType string) []byte {
	if contentType == TypePlain || contentType == TypeMarkdown {
		return bytes.Clone(r.utf8(r.bytes(MaxText)))
	}
	return bytes.Clone(r.bytes(MaxContent))
}
