package storage

import (
	"encoding/binary"
	"math"

	"github.com/truce-im/truce/chat/wire"
)

// Flags of an eventRow.
const (
	flagListed  = 1 << 0
	flagStub    = 1 << 1
	flagRefused = 1 << 2
)

// eventRow is an array of CBOR like the other rows. It is read and written by
// hand, for it is most of what the store does: this takes a fifth of the time
// that reflection does.
type eventRow struct {
	Log      uint32
	Seq      uint64
	Flags    uint8
	Refused  uint8          // wire.Reason, with flagRefused
	ID       wire.MessageID // no bytes if zero
	Order    uint64
	Received uint64
	Kind     uint8
	Stamp    uint64
	Prev     [32]byte
	Owner    [16]byte
	Body     []byte
}

const eventFields = 12

// Major types of CBOR (RFC 8949 §3.1).
const (
	majorUint  = 0 << 5
	majorBytes = 2 << 5
	majorArray = 4 << 5
)

// append appends the row to b.
func (r *eventRow) append(b []byte) []byte {
	id := r.ID[:]
	if r.ID.IsZero() {
		id = nil
	}
	b = appendHead(b, majorArray, eventFields)
	b = appendHead(b, majorUint, uint64(r.Log))
	b = appendHead(b, majorUint, r.Seq)
	b = appendHead(b, majorUint, uint64(r.Flags))
	b = appendHead(b, majorUint, uint64(r.Refused))
	b = appendBytes(b, id)
	b = appendHead(b, majorUint, r.Order)
	b = appendHead(b, majorUint, r.Received)
	b = appendHead(b, majorUint, uint64(r.Kind))
	b = appendHead(b, majorUint, r.Stamp)
	b = appendBytes(b, r.Prev[:])
	b = appendBytes(b, r.Owner[:])
	return appendBytes(b, r.Body)
}

// parse reads a row, of which Body stays a part. It accepts nothing that append
// does not write.
func (r *eventRow) parse(b []byte) error {
	p := parser{b: b}
	if p.head(majorArray, math.MaxUint64) != eventFields {
		p.bad = true
	}
	*r = eventRow{
		Log:     uint32(p.head(majorUint, math.MaxUint32)),
		Seq:     p.head(majorUint, math.MaxUint64),
		Flags:   uint8(p.head(majorUint, math.MaxUint8)),
		Refused: uint8(p.head(majorUint, math.MaxUint8)),
	}
	if id := p.bytes(); len(id) != 0 {
		p.fill(r.ID[:], id)
		p.bad = p.bad || r.ID.IsZero()
	}
	r.Order = p.head(majorUint, math.MaxUint64)
	r.Received = p.head(majorUint, math.MaxUint64)
	r.Kind = uint8(p.head(majorUint, math.MaxUint8))
	r.Stamp = p.head(majorUint, math.MaxUint64)
	p.fill(r.Prev[:], p.bytes())
	p.fill(r.Owner[:], p.bytes())
	r.Body = p.bytes()
	if p.bad || len(p.b) > 0 {
		return corruptf("a row of the journal is no event")
	}
	return nil
}

func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

func appendBytes(b, s []byte) []byte { return append(appendHead(b, majorBytes, uint64(len(s))), s...) }

// parser reads items of CBOR. After something that is not as it should be, bad
// is set and all that is read is zero.
type parser struct {
	b   []byte
	bad bool
}

// head reads the head of an item of that major type, in its shortest form, with
// an argument of at most limit.
func (p *parser) head(major byte, limit uint64) (n uint64) {
	if p.bad || len(p.b) == 0 || p.b[0]&0xe0 != major {
		p.bad = true
		return 0
	}
	info := p.b[0] & 0x1f
	size := 0
	if n = uint64(info); info >= 24 {
		size, n = 1<<(info-24), 0
	}
	if info > 27 || len(p.b) < 1+size {
		p.bad = true
		return 0
	}
	for _, c := range p.b[1 : 1+size] {
		n = n<<8 | uint64(c)
	}
	shortest := size == 0 || size == 1 && n >= 24 || size > 1 && n>>(4*size) != 0
	if !shortest || n > limit {
		p.bad = true
		return 0
	}
	p.b = p.b[1+size:]
	return n
}

// bytes reads a byte string, which is part of the input.
func (p *parser) bytes() []byte {
	n := p.head(majorBytes, math.MaxUint64)
	if p.bad || n > uint64(len(p.b)) {
		p.bad = true
		return nil
	}
	s := p.b[:n:n]
	p.b = p.b[n:]
	return s
}

// fill copies s, which must have the length of dst.
func (p *parser) fill(dst, s []byte) {
	if p.bad = p.bad || len(s) != len(dst); !p.bad {
		copy(dst, s)
	}
}
