package wire

import (
	"encoding/binary"
	"unicode/utf8"
)

// contentReader reads deterministic CBOR item by item. After the first error
// every read returns a zero value, so only loops need to look at err. What it
// returns lies in the input.
type contentReader struct {
	rest  []byte
	parts int // counted so far, of the whole message
	err   error
}

func (r *contentReader) fail(class, format string, args ...any) {
	if r.err == nil {
		r.err = failf(class, format, args...)
	}
}

func (r *contentReader) failShort() { r.fail("cbor", "the message is cut off") }

// take returns the next n bytes, or nil if there are fewer.
func (r *contentReader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.failShort()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// simple skips b if it comes next.
func (r *contentReader) simple(b byte) bool {
	if r.err != nil || len(r.rest) == 0 || r.rest[0] != b {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func (r *contentReader) null() bool { return r.simple(cborNull) }

func (r *contentReader) bool() bool {
	if r.simple(cborTrue) {
		return true
	}
	if !r.simple(cborFalse) {
		r.fail("bad-type", "true or false is missing")
	}
	return false
}

// head reads the argument of an item of a major type.
func (r *contentReader) head(major byte) uint64 {
	first := r.take(1)
	if first == nil {
		return 0
	}
	if first[0]>>5 != major {
		r.fail("bad-type", "an item of CBOR type %d in the place of type %d", first[0]>>5, major)
		return 0
	}
	switch info := first[0] & 31; {
	case info < 24:
		return uint64(info)
	case info < 28:
		return r.argument(1 << (info - 24))
	case info < 31:
		r.fail("cbor", "a reserved length in CBOR")
	default:
		r.fail("non-canonical", "an item of indefinite length")
	}
	return 0
}

// argument reads an argument of size bytes, which must need that many.
func (r *contentReader) argument(size int) uint64 {
	b := r.take(uint64(size))
	if b == nil {
		return 0
	}
	var wide [8]byte
	copy(wide[8-size:], b)
	n := binary.BigEndian.Uint64(wide[:])
	if n < 24 || size > 1 && n>>(4*size) == 0 {
		r.fail("non-canonical", "a number in more bytes than it needs")
		return 0
	}
	return n
}

func (r *contentReader) uint(most uint64) uint64 {
	n := r.head(cborUint)
	if n > most {
		r.fail("bad-type", "a number over %d", most)
		return 0
	}
	return n
}

func (r *contentReader) array(n uint64) {
	if got := r.head(cborArray); got != n {
		r.fail("bad-type", "an array of %d in the place of one of %d", got, n)
	}
}

func (r *contentReader) fixed(n int) []byte {
	b := r.bytes(MaxField)
	if len(b) != n {
		r.fail("bad-type", "%d bytes in the place of %d", len(b), n)
		return nil
	}
	return b
}

// bytes returns nil for an empty string.
func (r *contentReader) bytes(most uint64) []byte { return r.str(cborBytes, most) }

func (r *contentReader) text(most uint64) string { return string(r.textBytes(most)) }

func (r *contentReader) textBytes(most uint64) []byte { return r.utf8(r.str(cborText, most)) }

func (r *contentReader) str(major byte, most uint64) []byte {
	n := r.head(major)
	switch {
	case n > most:
		r.fail("too-large", "a field of %d bytes has at most %d", n, most)
		return nil
	case n == 0:
		return nil
	}
	return r.take(n)
}

func (r *contentReader) utf8(b []byte) []byte {
	if !utf8.Valid(b) {
		r.fail("bad-utf8", "a text is not UTF-8")
		return nil
	}
	return b
}
