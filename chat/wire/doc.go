// Package wire is the written form of the Truce protocol: identifiers, the
// address and the link, device lists, events and their chain, the frames of
// /truce/link/1.0.0, and MIMI content. PROTOCOL.md beside it is the
// specification; testdata holds its vectors.
//
// The package is a leaf and pure: it holds no state, starts no goroutine and
// does no I/O. Every decoder is strict and canonical: what it accepts encodes
// to the very same bytes, and on an error it returns the zero value. Failures
// are of type *Error, whose Class names the rule that was broken.
package wire
