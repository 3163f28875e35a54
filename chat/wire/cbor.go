package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Error says that bytes or text from outside break the protocol. Class is a
// closed set of short names, the ones that the vectors use.
type Error struct {
	Class string
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func failf(class, format string, args ...any) error {
	return &Error{Class: class, Err: fmt.Errorf(format, args...)}
}

// ErrorClass returns the class of a wire error, or "" for any other error.
func ErrorClass(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

// Caps on any CBOR item, whoever sent it. The largest legitimate array is a
// version vector of MaxEntries; nothing nests deeper than multipart content.
const (
	maxNesting  = 16
	maxElements = 2048
)

var (
	encMode = must(cbor.EncOptions{
		Sort:          cbor.SortCoreDeterministic,
		ShortestFloat: cbor.ShortestFloat16,
		IndefLength:   cbor.IndefLengthForbidden,
		NilContainers: cbor.NilContainerAsEmpty,
		TagsMd:        cbor.TagsForbidden,
	}.EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  maxNesting,
		MaxArrayElements: maxElements,
		MaxMapPairs:      maxElements,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Marshal encodes v in deterministic CBOR (RFC 8949 §4.2.1).
func Marshal(v any) ([]byte, error) { return encMode.Marshal(v) }

// mustMarshal is for our own types, which always encode.
func mustMarshal(v any) []byte { return must(encMode.Marshal(v)) }

// Unmarshal decodes exactly one deterministic CBOR item into v, which must be
// a pointer to a zero value. Bytes that v would not encode to are refused, so
// there is one encoding of every value. Errors are of class "cbor" (malformed,
// over a cap, or of another shape) or "non-canonical". On an error *v is
// undefined: callers return a zero value of their own.
func Unmarshal(data []byte, v any) error {
	if err := decMode.Unmarshal(data, v); err != nil {
		return failf("cbor", "not the expected CBOR: %w", err)
	}
	again, err := encMode.Marshal(v)
	if err != nil {
		return failf("cbor", "not the expected CBOR: %w", err)
	}
	if !bytes.Equal(data, again) {
		return failf("non-canonical", "not in deterministic CBOR")
	}
	return nil
}
