package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// EventKind says what the body of an event is (PROTOCOL.md §4.2). Kinds below
// KindSilent that a program does not know are shown as a message it cannot
// show; kinds from KindSilent on are kept and acknowledged, and not shown.
type EventKind uint8

// The kinds of event.
const (
	KindContent EventKind = 1   // MIMI content
	KindSilent  EventKind = 128 // the first kind that is never shown
	KindGrant   EventKind = 128 // Grant
	KindProfile EventKind = 129 // Profile
)

// OwnerTag is a MAC over an event's chain value under a secret that only the
// account's devices share: by it a device gets its own lost events back from a
// contact, and no contact can forge one (rule 16).
type OwnerTag [16]byte

// Event is one entry of a log as it travels. In a stub, Body is not the body
// but its SHA-256: it stands in for a body that was deleted.
type Event struct {
	_     struct{} `cbor:",toarray"`
	Kind  EventKind
	Stamp uint64     // the writer's clock, unix milliseconds
	Prev  ChainValue // of the event before; zero at seq 1
	Stub  bool
	Body  []byte
	Owner OwnerTag
}

// BodyHash is the hash that the chain covers, of a body or of a stub.
func (e *Event) BodyHash() [32]byte {
	if e.Stub {
		return [32]byte(e.Body)
	}
	return sha256.Sum256(e.Body)
}

// Check verifies the caps of an event. Errors are of class "event".
func (e *Event) Check() error {
	switch {
	case e.Stub && len(e.Body) != sha256.Size:
		return failf("event", "the hash in a stub has a wrong length")
	case len(e.Body) > MaxBody:
		return failf("event", "the body of an event is over %d bytes", MaxBody)
	case e.Kind == 0:
		return failf("event", "an event has a kind")
	case e.Stamp > MaxStamp:
		return failf("event", "the time of an event is out of range")
	}
	return nil
}

// Chain returns the chain value of the event at position seq of log
// (PROTOCOL.md §4.3). e must have passed Check.
func (e *Event) Chain(log Log, seq uint64) ChainValue {
	h := sha256.New()
	h.Write([]byte("truce chain v1\x00"))
	h.Write(log.Conv[:])
	h.Write(log.Account[:])
	h.Write(log.Device[:])
	var n [8 + 1 + 8]byte
	binary.BigEndian.PutUint64(n[:], seq)
	n[8] = byte(e.Kind)
	binary.BigEndian.PutUint64(n[9:], e.Stamp)
	h.Write(e.Prev[:])
	h.Write(n[:])
	body := e.BodyHash()
	h.Write(body[:])
	return ChainValue(h.Sum(nil))
}

// OwnerSecret is shared by the devices of one account, and by nobody else.
type OwnerSecret [32]byte

// Tag makes the owner tag of the event at position seq of log with the chain
// value v.
func (s OwnerSecret) Tag(log Log, seq uint64, v ChainValue) OwnerTag {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], seq)
	m := hmac.New(sha256.New, s[:])
	m.Write(labelled("truce owner v1", log.Conv[:], log.Account[:], log.Device[:], n[:], v[:]))
	return OwnerTag(m.Sum(nil)[:16])
}

// Owns reports whether t is the owner tag of that event.
func (s OwnerSecret) Owns(t OwnerTag, log Log, seq uint64, v ChainValue) bool {
	want := s.Tag(log, seq, v)
	return subtle.ConstantTimeCompare(t[:], want[:]) == 1
}

// Entry is one entry of a version vector: of Log, the events after Base up to
// and including Head are committed, and Chain is the chain value at Head, cut
// to 16 bytes. Base is 0 but on devices that joined later.
type Entry struct {
	_     struct{} `cbor:",toarray"`
	Log   Log
	Base  uint64
	Head  uint64
	Chain [16]byte
}

// Short is the form in which a chain value stands in a version vector.
func (v ChainValue) Short() [16]byte { return [16]byte(v[:16]) }
