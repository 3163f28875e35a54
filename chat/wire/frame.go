package wire

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// FrameType is the first element of every frame. Frames of a type that a
// program does not know are read past.
type FrameType uint16

// The frames of /truce/link/1.0.0 (PROTOCOL.md §5, §6).
const (
	FrameHello1 FrameType = iota + 1
	FrameHello2
	FrameHello3
	FrameStance
	FrameStanceAck
	FrameVector
	FramePush
	FrameAck
	FrameGone
	FrameRefused
	FrameBusy
	FrameRead
	FramePing
	FramePong
	FrameBye
	FrameDevices
	FrameWant
	FrameSignal
	FramePresence
	FrameViews
	FrameAskPicture
	FramePicture
)

// LinkProtocol is the id of the protocol that these frames make up.
const LinkProtocol = "/truce/link/1.0.0"

// BulkProtocol is the id of the streams on which logs that are far behind catch
// up: after a token of each side (HelloKey.BulkToken) Push frames alone.
const BulkProtocol = "/truce/bulk/1.0.0"

// Version is the newest version of the hello and of what follows it that this
// package speaks.
const Version uint16 = 1

// Stance is what one side wants of the other (rule 8): to be contacts, or not.
// The higher version counts; Answers is the version of the receiver's stance
// that the sender knew, 0 for none, so that a refusal is told from one not yet
// asked. Share is the 32 random bytes that go into the pair secret; it is zero
// where Want is false.
type Stance struct {
	_       struct{} `cbor:",toarray"`
	Type    FrameType
	Version uint64
	Answers uint64
	Want    bool
	Name    string
	Note    string
	Share   [32]byte
}

// StanceAck says that the stance of that version is on disk.
type StanceAck struct {
	_       struct{} `cbor:",toarray"`
	Type    FrameType
	Version uint64
}

// Vector says what the sender has committed. It replaces all that was believed
// of the sender's disk.
type Vector struct {
	_       struct{} `cbor:",toarray"`
	Type    FrameType
	Entries []Entry
	Read    []Mark
}

// Push carries consecutive events of one log, the first at position Seq.
type Push struct {
	_      struct{} `cbor:",toarray"`
	Type   FrameType
	Log    Log
	Seq    uint64
	Events []Event
}

// Ack says that the events up to each entry's head are committed.
type Ack struct {
	_       struct{} `cbor:",toarray"`
	Type    FrameType
	Entries []Entry
}

// Gone answers for events From to To of a log that the sender no longer holds;
// Chain is the chain value at To.
type Gone struct {
	_     struct{} `cbor:",toarray"`
	Type  FrameType
	Log   Log
	From  uint64
	To    uint64
	Chain ChainValue
}

// Reason says why an event was refused, or is not taken now.
type Reason uint8

// The reasons of FrameRefused and FrameBusy.
const (
	ReasonUnknown  Reason = 0
	ReasonRule     Reason = 1 // a rule of the receiver forbids it
	ReasonDiskFull Reason = 2
	ReasonQuota    Reason = 3
	ReasonForked   Reason = 4 // another event stands at that position
)

// Refused says that the event at Seq is forbidden; the position counts as
// taken.
type Refused struct {
	_      struct{} `cbor:",toarray"`
	Type   FrameType
	Log    Log
	Seq    uint64
	Reason Reason
}

// Busy says that the log cannot be taken further now. The sender keeps the
// events queued and pushes again when it hears a vector or an Ack for the log.
type Busy struct {
	_      struct{} `cbor:",toarray"`
	Type   FrameType
	Log    Log
	Reason Reason
}

// Mark says that a log was read up to and including Seq.
type Mark struct {
	_   struct{} `cbor:",toarray"`
	Log Log
	Seq uint64
}

// Read carries read marks, if the reader allows them to be seen.
type Read struct {
	_     struct{} `cbor:",toarray"`
	Type  FrameType
	Marks []Mark
}

// Ping is answered by a Pong with the same number at once.
type Ping struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	N    uint64
}

// ByeCode says why a session ends.
type ByeCode uint8

// The codes of FrameBye.
const (
	ByeStop      ByeCode = 0 // the node stops
	ByeDuplicate ByeCode = 1 // another session between the two is kept
	ByeStranger  ByeCode = 3 // the peer is no contact, and everything was said
)

// Bye is the last frame of a session.
type Bye struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	Code ByeCode
}

// Devices carries the sender's newest signed device list.
type Devices struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	List []byte
}

// Want asks for events From to To of the asker's own log (rule 15).
type Want struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	Log  Log
	From uint64
	To   uint64
}

// ErrFrameTooLong is returned by ReadFrame for a frame over its cap.
var ErrFrameTooLong = errors.New("the frame is over its cap")

// ReadFrame reads one length-prefixed frame of at most limit bytes. It returns
// io.EOF only between frames. Memory grows with the bytes that arrive, not
// with the length that is announced.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > int64(limit) {
		return nil, ErrFrameTooLong
	}
	return readGrowing(r, int(n))
}

// growStep is how much is allocated before the bytes for it have come.
const growStep = 16 << 10

func readGrowing(r io.Reader, n int) ([]byte, error) {
	var buf []byte
	for len(buf) < n {
		have, step := len(buf), min(n-len(buf), max(growStep, len(buf)))
		buf = slices.Grow(buf, step)[:have+step]
		if _, err := io.ReadFull(r, buf[have:]); err != nil {
			return nil, noEOF(err)
		}
	}
	return buf, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// AppendFrame appends the encoded frame f, with its length before it, to b.
func AppendFrame(b []byte, f any) []byte {
	body := mustMarshal(f)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

// TypeOf returns the type of an encoded frame without decoding it. A frame is
// an array of 1 to 23 elements. Errors are of class "cbor".
func TypeOf(frame []byte) (FrameType, error) {
	const array, mostElements = 4 << 5, 23 // a head of one byte
	if len(frame) < 2 || frame[0] <= array || frame[0] > array+mostElements {
		return 0, failf("cbor", "a frame is a CBOR array with its type first")
	}
	var t FrameType
	if _, err := decMode.UnmarshalFirst(frame[1:], &t); err != nil {
		return 0, failf("cbor", "a frame is a CBOR array with its type first")
	}
	return t, nil
}
