package storage

import (
	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// The rows of the journal. The first byte of a row's plain text is its
// chat.ChangeKind, the CBOR follows.

func fromEvent(log uint32, e *chat.Event) eventRow {
	r := eventRow{
		Log: log, Seq: e.Seq, ID: e.ID, Order: e.Order, Received: e.Received,
		Kind: uint8(e.Wire.Kind), Stamp: e.Wire.Stamp, Prev: e.Wire.Prev, Owner: e.Wire.Owner, Body: e.Wire.Body,
	}
	if e.Listed {
		r.Flags |= flagListed
	}
	if e.Wire.Stub {
		r.Flags |= flagStub
	}
	if e.Refused != nil {
		r.Flags |= flagRefused
		r.Refused = uint8(*e.Refused)
	}
	return r
}

func toEvent(number uint64, log wire.Log, r *eventRow) chat.Event {
	e := chat.Event{
		Log: log, Seq: r.Seq, ID: r.ID, Order: r.Order, Received: r.Received, Listed: r.Flags&flagListed != 0, Cursor: number,
		Wire: wire.Event{
			Kind: wire.EventKind(r.Kind), Stamp: r.Stamp, Prev: r.Prev, Stub: r.Flags&flagStub != 0, Owner: r.Owner, Body: sliceOrNil(r.Body),
		},
	}
	if r.Flags&flagRefused != 0 {
		reason := wire.Reason(r.Refused)
		e.Refused = &reason
	}
	return e
}

// noteRow is a change that is no event. Which fields count is up to its kind.
type noteRow struct {
	_       struct{} `cbor:",toarray"`
	Time    uint64
	Log     uint32 // 0: none
	From    uint64
	To      uint64
	Account []byte // empty: zero
	Target  []byte // empty: zero
	Name    string
}

func fromChange(log uint32, c chat.Change) noteRow {
	r := noteRow{Time: c.Time, Log: log, From: c.From, To: c.To, Name: c.Name}
	if c.Account != (wire.Account{}) {
		r.Account = c.Account[:]
	}
	if !c.Target.IsZero() {
		r.Target = c.Target[:]
	}
	return r
}

func toChange(number uint64, kind chat.ChangeKind, log wire.Log, r *noteRow) chat.Change {
	c := chat.Change{Cursor: number, Kind: kind, Time: r.Time, Log: log, From: r.From, To: r.To, Name: r.Name}
	copy(c.Account[:], r.Account)
	copy(c.Target[:], r.Target)
	return c
}

type positionRow struct {
	_      struct{} `cbor:",toarray"`
	Order  uint64
	Device [32]byte
	Seq    uint64
}

func toPosition(r positionRow) chat.Position {
	return chat.Position{Order: r.Order, Device: r.Device, Seq: r.Seq}
}

func fromPosition(p chat.Position) positionRow {
	return positionRow{Order: p.Order, Device: p.Device, Seq: p.Seq}
}

type editRow struct {
	_       struct{} `cbor:",toarray"`
	Account [32]byte
	At      positionRow
	Log     uint32
	Seq     uint64
}

type reactionRow struct {
	_       struct{} `cbor:",toarray"`
	Account [32]byte
	Emoji   string
	ID      [32]byte
	At      positionRow
	Removed bool
}

type foldRow struct {
	_         struct{} `cbor:",toarray"`
	Edits     []editRow
	Deleted   [][32]byte
	Reactions []reactionRow
}
