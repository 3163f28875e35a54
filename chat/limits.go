package chat

import (
	"fmt"

	"github.com/truce-im/truce/chat/wire"
)

// MinFree is the free disk space, in bytes, below which nothing is appended,
// so that there is room left to read, to delete and to shrink (rule 22).
const MinFree = 32 << 20

// What a contact writes is taken whatever it is (rule 17), and a person reads
// no faster than he did in 1999. So what may lie here unseen is bounded: what
// came since I last read the conversation, edits and reactions with it. There
// is no bound in time: somebody back after 100,000 messages sends them as fast
// as the disk takes them.
const (
	maxUnseen   = 256 << 20 // bytes: 500,000 short messages, or 4,000 of the longest
	minUnseen   = 32 << 20  // bytes, however full the disk: 60,000 short messages
	unseenShare = 4         // in between, this part of the free disk: one contact leaves room for others

	eventBytes = 400 // what an event takes beside its body: rows, and its part of the indexes
)

func quota(free uint64) uint64 { return min(max(free/unseenShare, minUnseen), maxUnseen) }

// heldBytes is about what an event takes on the disk.
func heldBytes(e *wire.Event) uint64 { return eventBytes + uint64(len(e.Body)) }

var errDiskFull = Errorf(CodeFailed, "the disk is almost full: fewer than %d MiB are free, so nothing new is taken", MinFree>>20).
	WithHint("make room on the disk; what waits is sent by itself then")

// Room fails if the disk has too little left to append to a log.
func (s *Service) Room() error {
	free, err := s.store.Free()
	if err != nil {
		return err
	}
	if free < MinFree {
		return errDiskFull
	}
	return nil
}

// RoomFor reports whether there is room to take what a writes.
func (s *Service) RoomFor(a wire.Account) (ok bool, err error) {
	free, err := s.store.Free()
	if err != nil {
		return false, err
	}
	err = s.store.View(func(r Reader) error {
		conv, err := r.Conv(s.conv(a))
		ok = stops(conv, free) == nil
		return err
	})
	return ok, err
}

// stops tells why nothing more of a conversation is taken; nil: there is room.
func stops(conv Conv, free uint64) *wire.Reason {
	switch {
	case free < MinFree:
		return new(wire.ReasonDiskFull)
	case conv.Unseen >= quota(free):
		return new(wire.ReasonQuota)
	}
	return nil
}

// setOver notes whether the other side of conv is over its quota. The caller
// stores conv.
func (s *Service) setOver(tx Tx, conv *Conv, over bool) error {
	if conv.Over == over {
		return nil
	}
	conv.Over = over
	return tx.Note(Change{Kind: ChangeContact, Account: conv.Peer, Time: s.nowMillis()})
}

// whyOver tells the user why nothing comes from a contact, or nothing.
func (c *Conv) whyOver() string {
	if !c.Over {
		return ""
	}
	return fmt.Sprintf("what they sent and you have not read takes %d MiB: nothing more is taken until you read it", c.Unseen>>20)
}

// unhold takes a body that was blanked out of what lies unseen.
func unhold(tx Tx, e *Event, before uint64) error {
	conv, err := tx.Conv(e.Log.Conv)
	if err != nil || conv.Peer != e.Log.Account || conv.Unseen == 0 {
		return err
	}
	st, err := tx.Log(e.Log)
	after := heldBytes(&e.Wire)
	if err != nil || e.Seq <= st.Read || before <= after {
		return err
	}
	conv.Unseen -= min(conv.Unseen, before-after)
	return tx.PutConv(conv)
}
