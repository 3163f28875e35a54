package wire

import "encoding/binary"

// Major types of CBOR (RFC 8949 §3.1), and the simple values in MIMI content.
const (
	cborUint  = 0
	cborBytes = 2
	cborText  = 3
	cborArray = 4
	cborMap   = 5

	cborFalse    = 0xf4
	cborTrue     = 0xf5
	cborNull     = 0xf6
	cborEmptyMap = 0xa0
)

// Lengths of the arrays of MIMI content.
const (
	lenContent = 7
	lenExpires = 2
)

// fields is the length of the array that is a part of form c.
func (c Cardinality) fields() uint64 {
	switch c {
	case SinglePart, MultiPart:
		return 5
	case ExternalPart:
		return 15
	}
	return 3
}

// Encode returns the one encoding of c. It fails as DecodeContent would on
// the result: what Encode returns can be decoded.
func (c Content) Encode() ([]byte, error) {
	b := make([]byte, 0, 160+len(c.Topic)+len(c.Extensions)+len(c.Body.Content))
	b = appendHead(b, cborArray, lenContent)
	b = appendBytes(b, c.Salt[:])
	b = appendID(b, c.Replaces)
	b = appendBytes(b, c.Topic)
	b = appendExpires(b, c.Expires)
	b = appendID(b, c.InReplyTo)
	if len(c.Extensions) == 0 {
		b = append(b, cborEmptyMap)
	}
	b = append(b, c.Extensions...)
	b = appendPart(b, &c.Body, 1)
	if _, err := DecodeContent(b); err != nil {
		return nil, err
	}
	return b, nil
}

// appendPart goes no deeper than DecodeContent would, which refuses the result.
func appendPart(b []byte, p *Part, level int) []byte {
	if level > MaxLevels {
		return b
	}
	b = appendHead(b, cborArray, p.Cardinality.fields())
	b = appendHead(b, cborUint, uint64(p.Disposition))
	b = appendText(b, p.Language)
	b = appendHead(b, cborUint, uint64(p.Cardinality))
	switch p.Cardinality {
	case SinglePart:
		b = appendText(b, p.ContentType)
		b = appendBytes(b, p.Content)
	case ExternalPart:
		b = appendText(b, p.ContentType)
		b = appendExternal(b, p.External)
	case MultiPart:
		b = appendHead(b, cborUint, uint64(p.Semantics))
		b = appendHead(b, cborArray, uint64(len(p.Parts)))
		for i := range p.Parts {
			b = appendPart(b, &p.Parts[i], level+1)
		}
	}
	return b
}

func appendExternal(b []byte, x *External) []byte {
	if x == nil {
		x = &External{}
	}
	b = appendText(b, x.URL)
	b = appendHead(b, cborUint, uint64(x.Expires))
	b = appendHead(b, cborUint, x.Size)
	b = appendHead(b, cborUint, uint64(x.EncAlg))
	b = appendBytes(b, x.Key)
	b = appendBytes(b, x.Nonce)
	b = appendBytes(b, x.AAD)
	b = appendHead(b, cborUint, uint64(x.HashAlg))
	b = appendBytes(b, x.Hash)
	b = appendText(b, x.Description)
	return appendText(b, x.Filename)
}

func appendID(b []byte, id *MessageID) []byte {
	if id == nil {
		return append(b, cborNull)
	}
	return appendBytes(b, id[:])
}

func appendExpires(b []byte, e *Expires) []byte {
	if e == nil {
		return append(b, cborNull)
	}
	b = appendHead(b, cborArray, lenExpires)
	if e.Relative {
		b = append(b, cborTrue)
	} else {
		b = append(b, cborFalse)
	}
	return appendHead(b, cborUint, uint64(e.Seconds))
}

func appendBytes(b, v []byte) []byte {
	return append(appendHead(b, cborBytes, uint64(len(v))), v...)
}

func appendText(b []byte, v string) []byte {
	return append(appendHead(b, cborText, uint64(len(v))), v...)
}

// appendHead writes a major type and its argument in the fewest bytes.
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}
