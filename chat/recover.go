package chat

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/truce-im/truce/chat/wire"
)

// Question says which events of my own log to ask of a contact whose vector
// entry claims another course of it, or more of it, than I have (rule 15).
func (s *Service) Question(e wire.Entry) (*wire.Want, error) {
	var st LogState
	err := s.store.View(func(r Reader) (err error) {
		st, err = r.Log(e.Log)
		return err
	})
	if err != nil || e.Head == 0 {
		return nil, err
	}
	from := min(st.Delivered, e.Head-1) + 1 // so far we have agreed before
	return &wire.Want{Type: wire.FrameWant, Log: e.Log, From: from, To: e.Head}, nil
}

// maxAnswer bounds, in bytes, what one Want is answered with; who wants more
// asks again.
const maxAnswer = 64 << 10

// Answer returns the events of a's own log that a asks for, as they lie here.
func (s *Service) Answer(a wire.Account, w *wire.Want) (p wire.Push, err error) {
	if w.Log.Account != a || w.Log.Conv != s.conv(a) {
		return p, fmt.Errorf("%w: it asks for a log that is not its own", ErrProtocol)
	}
	p, _, err = s.eventsFrom(w.Log, w.From, maxAnswer)
	if n := w.To - w.From + 1; uint64(len(p.Events)) > n {
		p.Events = p.Events[:n]
	}
	return p, err
}

// ErrClaim is returned by TakeOwn for events that this account has not
// written: the claim is void.
var ErrClaim = errors.New("a contact shows events that this account has not written")

// Own is the outcome of TakeOwn.
type Own struct {
	More *wire.Want // to be asked next; nil: that was all
	Back int        // events that came back
}

// TakeOwn takes events of my own log that a contact gives back, each with my
// owner tag, which no other could have made. They prove that this home was
// rolled back or copied: the log ends here, what was lost is back in it, and
// what this home wrote instead is written again, as it was, by the new device
// (rule 12). to is how far the contact claims to have the log. key is the
// account's; without it the home stops writing until it is renewed.
func (s *Service) TakeOwn(a wire.Account, p *wire.Push, to uint64, key AccountKey) (out Own, err error) {
	if p.Log.Account != s.self.Account || p.Log.Conv != s.conv(a) {
		return out, fmt.Errorf("%w: it gives back what is not mine", ErrProtocol)
	}
	s.leaving.Lock()
	defer s.leaving.Unlock()
	var fresh *Self
	var moved uint64 // what stood here from this position on stands elsewhere now
	err = s.update(func(tx Tx) error {
		out, fresh, moved = Own{}, nil, 0
		st, err := tx.Log(p.Log)
		if err != nil {
			return err
		}
		last := p.Seq + uint64(len(p.Events)) - 1
		first, err := s.firstNews(tx, st, p)
		switch {
		case err != nil:
			return err
		case first == nil && last < to: // so far we agree
			out.More = &wire.Want{Type: wire.FrameWant, Log: p.Log, From: last + 1, To: to}
			return nil
		case first == nil:
			return nil
		case first.Earlier:
			out.More = &wire.Want{Type: wire.FrameWant, Log: p.Log, From: 1, To: to}
			return nil
		case p.Log.Device == s.Device():
			if fresh, err = s.stopDevice(tx, key); err != nil {
				return err
			}
		}
		if first.Seq <= st.Head && stopped(tx) != nil {
			return nil // what stands there can only move to a device's log that may be written
		}
		moved = first.Seq
		return s.graft(tx, a, st, p, first.Seq, to, fresh, &out)
	})
	if err != nil {
		return out, err
	}
	if fresh != nil {
		s.become(*fresh)
	}
	if moved != 0 {
		err = s.leftAnew(a, p.Log, moved)
	}
	return out, err
}

// AccountKey returns the account's key, or nil where it cannot be had.
type AccountKey func() ed25519.PrivateKey

// news is where what a contact gives back departs from what lies here.
type news struct {
	Seq     uint64
	Earlier bool // it departs somewhere before: ask from the beginning
}

// firstNews verifies all events of p as mine and finds the first that does not
// lie here as it is; nil if all do.
func (s *Service) firstNews(r Reader, st LogState, p *wire.Push) (first *news, err error) {
	if len(p.Events) == 0 || p.Seq > st.Head+1 {
		return nil, ErrClaim // not what was asked for
	}
	before, err := chainAt(r, p.Log, p.Seq-1)
	if err != nil {
		return nil, err
	}
	for i := range p.Events {
		e, seq := &p.Events[i], p.Seq+uint64(i)
		chain := e.Chain(p.Log, seq)
		if !s.self.Owner.Owns(e.Owner, p.Log, seq, chain) {
			return nil, ErrClaim
		}
		if e.Prev != before {
			if i == 0 && seq > 1 {
				return &news{Earlier: true}, nil
			}
			return nil, ErrClaim
		}
		before = chain
		if first != nil {
			continue
		}
		here, err := chainAt(r, p.Log, seq)
		if errors.Is(err, ErrNotFound) || err == nil && here != chain {
			first = &news{Seq: seq}
		} else if err != nil {
			return nil, err
		}
	}
	return first, nil
}

func chainAt(r Reader, l wire.Log, seq uint64) (v wire.ChainValue, err error) {
	if seq == 0 {
		return v, nil
	}
	e, err := r.Event(l, seq)
	if err != nil {
		return v, err
	}
	return e.Wire.Chain(l, seq), nil
}

// stopDevice ends this device's logs: by a new key if the account's can be had,
// else by writing no more. It returns the new identity, or nil.
func (s *Service) stopDevice(tx Tx, key AccountKey) (*Self, error) {
	if key != nil {
		if k := key(); k != nil {
			fresh, err := s.renew(tx, k)
			return &fresh, err
		}
	}
	self, err := tx.Self()
	if err != nil || self.Renew {
		return nil, err
	}
	self.Renew = true
	if err := tx.PutSelf(self); err != nil {
		return nil, err
	}
	return nil, tx.Note(Change{Kind: ChangeSelf, Name: OldHome, Time: s.nowMillis()})
}

// graft puts the events of p, from position seq on, into the log, after moving
// what stands there to the log of the new device.
func (s *Service) graft(tx Tx, a wire.Account, st LogState, p *wire.Push, seq, to uint64, fresh *Self, out *Own) error {
	device := s.Device()
	if fresh != nil {
		device = publicDevice(fresh.Device)
	}
	if err := s.moveOwn(tx, st.Log, seq, device); err != nil {
		return err
	}
	st, err := s.cut(tx, st, seq-1)
	if err != nil {
		return err
	}
	now := s.nowMillis()
	for i := seq - p.Seq; i < uint64(len(p.Events)); i++ {
		e := Event{Log: p.Log, Seq: p.Seq + i, Wire: p.Events[i], Received: now}
		e.Order = clampOrder(e.Wire.Stamp, st.Order, now)
		chain := e.Wire.Chain(e.Log, e.Seq)
		if _, err := s.absorb(tx, &e); err != nil {
			return err
		}
		st.Head, st.Chain, st.Order = e.Seq, chain, e.Order
		out.Back++
	}
	known := st.Delivered
	st.Delivered = st.Head // the contact has it: it gave it
	err = tx.Note(Change{Kind: ChangeDelivered, Log: st.Log, From: known, To: st.Head, Time: now})
	if err != nil {
		return err
	}
	if st.Head < to {
		out.More = &wire.Want{Type: wire.FrameWant, Log: p.Log, From: st.Head + 1, To: to}
	}
	return tx.PutLog(st)
}

// pageMoved is how many events are moved in one go, so that a long log is never
// held in memory whole.
const pageMoved = 256

// moveOwn moves what stands in the log l from position seq on to the log of the
// new device.
func (s *Service) moveOwn(tx Tx, l wire.Log, seq uint64, device wire.Device) error {
	for {
		var page []Event
		for e, err := range tx.Events(l, seq) {
			if err != nil {
				return err
			}
			if page = append(page, e); len(page) == pageMoved {
				break
			}
		}
		if len(page) == 0 {
			return nil
		}
		if err := s.rewriteOwn(tx, page, device); err != nil {
			return err
		}
		seq = page[len(page)-1].Seq + 1
	}
}

// rewriteOwn writes events of mine again, as they are, at the end of the new
// device's log: the ids stay, so whoever has one already drops the double.
func (s *Service) rewriteOwn(tx Tx, events []Event, device wire.Device) error {
	l := events[0].Log
	l.Device = device
	st, err := tx.Log(l)
	if err != nil {
		return err
	}
	for _, e := range events {
		from, was := Ref{e.Log, e.Seq}, e.Position()
		e.Log, e.Seq = l, st.Head+1
		e.Wire.Prev = st.Chain
		e.Order = clampOrder(e.Wire.Stamp, st.Order, e.Received)
		chain := e.Wire.Chain(l, e.Seq)
		e.Wire.Owner = s.self.Owner.Tag(l, e.Seq, chain)
		if e.Refused != nil && !localReason(*e.Refused) { // the new position was not refused
			e.Refused = nil
		}
		if err := tx.Move(from, e); err != nil {
			return err
		}
		if err := refold(tx, &e, from, was); err != nil {
			return err
		}
		st.Head, st.Chain, st.Order = e.Seq, chain, e.Order
	}
	return tx.PutLog(st)
}

// refold has the fold of a message name an edit or a reaction of it, that has
// moved, by its new place.
func refold(tx Tx, e *Event, from Ref, was Position) error {
	c, ok := content(e)
	if !ok {
		return nil
	}
	var target *wire.MessageID
	switch c.Kind() {
	case wire.ContentEdit:
		target = c.Replaces
	case wire.ContentReaction:
		target = c.InReplyTo
	default:
		return nil
	}
	fold, err := tx.Fold(e.Log.Conv, *target)
	if err != nil {
		return err
	}
	for i, x := range fold.Edits {
		if x.Event == from {
			fold.Edits[i].Event, fold.Edits[i].At = Ref{e.Log, e.Seq}, e.Position()
		}
	}
	for i, x := range fold.Reactions {
		if x.ID == e.ID && x.At == was {
			fold.Reactions[i].At = e.Position()
		}
	}
	return tx.PutFold(fold)
}

// cut sets the log back to position seq, behind which nothing stands any more.
func (s *Service) cut(tx Tx, st LogState, seq uint64) (LogState, error) {
	st.Head, st.Chain, st.Order = seq, wire.ChainValue{}, 0
	st.Delivered, st.Read = min(st.Delivered, seq), min(st.Read, seq)
	if seq == 0 {
		return st, nil
	}
	e, err := tx.Event(st.Log, seq)
	if err == nil {
		st.Chain, st.Order = e.Wire.Chain(st.Log, seq), e.Order
	}
	return st, err
}
