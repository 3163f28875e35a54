package chat

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/truce-im/truce/chat/wire"
)

// ErrProtocol is what the peer did wrong, to be named in the log; the session
// ends.
var ErrProtocol = errors.New("the peer broke the protocol")

// Talks reports whether vectors, events and marks flow between a and me: both
// want to be contacts.
func (s *Service) Talks(a wire.Account) (bool, error) {
	c, err := s.contactOf(a)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && c.Relation() == Accepted, err
}

// Vector says what I have committed of the conversation with a, and how far I
// have read it, if I let that be seen.
func (s *Service) Vector(a wire.Account) (v wire.Vector, err error) {
	v = wire.Vector{Type: wire.FrameVector}
	err = s.store.View(func(r Reader) error {
		v.Entries, v.Read = nil, nil
		logs, err := r.Logs(s.conv(a))
		if err != nil {
			return err
		}
		for _, st := range logs {
			if !isNotice(st.Log) {
				v.Entries = append(v.Entries, entryOf(st))
			}
		}
		if v.Entries, err = s.frozen(r, a, v.Entries); err != nil {
			return err
		}
		v.Read, err = s.marks(r, a)
		return err
	})
	return v, err
}

func entryOf(st LogState) wire.Entry {
	return wire.Entry{Log: st.Log, Base: st.Base, Head: st.Head, Chain: st.Chain.Short()}
}

// marks returns how far I let a see that I have read.
func (s *Service) marks(r Reader, a wire.Account) (list []wire.Mark, err error) {
	if visible, err := receipts(r); err != nil || !visible {
		return nil, err
	}
	if hidden, err := hides(r); err != nil || hidden {
		return nil, err
	}
	logs, err := r.Logs(s.conv(a))
	for _, st := range logs {
		if st.Log.Account == a && st.Shown > 0 {
			list = append(list, wire.Mark{Log: st.Log, Seq: st.Shown})
		}
	}
	return list, err
}

// ReadMarks returns how far I have read what a wrote, as a may see it: nothing
// while the setting ReadReceipts is off. What was read meanwhile is shown only
// when something later is read.
func (s *Service) ReadMarks(a wire.Account) (list []wire.Mark, err error) {
	err = s.store.View(func(r Reader) (err error) {
		list, err = s.marks(r, a)
		return err
	})
	return list, err
}

// OwnLogs returns the logs that I push to a.
func (s *Service) OwnLogs(a wire.Account) (list []LogState, err error) {
	err = s.store.View(func(r Reader) error {
		logs, err := r.Logs(s.conv(a))
		list = slices.DeleteFunc(logs, func(st LogState) bool { return st.Log.Account != s.self.Account })
		return err
	})
	return list, err
}

// ChainAt returns the chain value at position seq of a log; zero at 0.
func (s *Service) ChainAt(l wire.Log, seq uint64) (v wire.ChainValue, err error) {
	if seq == 0 {
		return v, nil
	}
	err = s.store.View(func(r Reader) error {
		e, err := r.Event(l, seq)
		if err == nil {
			v = e.Wire.Chain(l, seq)
		}
		return err
	})
	return v, err
}

// PushFrom returns the events of a log of mine from position seq on, at most
// about limit bytes of them but at least one if there is one. From then on they
// may have been sent: Cancel refuses them.
func (s *Service) PushFrom(l wire.Log, seq uint64, limit int) (p wire.Push, size int, err error) {
	return s.leave(l, seq, limit)
}

// eventsFrom is PushFrom for any log.
func (s *Service) eventsFrom(l wire.Log, seq uint64, limit int) (p wire.Push, size int, err error) {
	p = wire.Push{Type: wire.FramePush, Log: l, Seq: seq}
	err = s.store.View(func(r Reader) error {
		p.Events, size = nil, 0
		for e, err := range r.Events(l, seq) {
			if err != nil {
				return err
			}
			if n := EventSize(&e.Wire); size == 0 || size+n <= limit && len(p.Events) < maxPush {
				size += n
			} else {
				return nil
			}
			p.Events = append(p.Events, e.Wire)
		}
		return nil
	})
	return p, size, err
}

// Weigh returns about how many bytes the events of a log from position seq on
// take, and the last of them. It stops once they are more than limit.
func (s *Service) Weigh(l wire.Log, seq uint64, limit int) (size int, last uint64, err error) {
	err = s.store.View(func(r Reader) error {
		size, last = 0, seq-1
		for e, err := range r.Events(l, seq) {
			if err != nil || size > limit {
				return err
			}
			size, last = size+EventSize(&e.Wire), e.Seq
		}
		return nil
	})
	return size, last, err
}

// maxPush bounds the events of one push below what a CBOR array may hold.
const maxPush = 1024

// EventSize is about what an event takes on the wire, in bytes.
func EventSize(e *wire.Event) int { return len(e.Body) + 80 }

// Taken is the outcome of pushes: what is committed now, and why a log cannot
// go on.
type Taken struct {
	Acks []wire.Entry
	Busy []wire.Busy
	Gap  bool // events were left out because others are missing before them

	calls    bool   // somebody wrote who may be answered
	messages uint64 // that came
}

// TakePushes commits the events that a device of a pushed, in one go. When it
// returns nil they are on disk, as the outcome says, and may be acknowledged.
// Events that are here already are passed over. An error that is ErrProtocol
// ends the session.
func (s *Service) TakePushes(a wire.Account, pushes []*wire.Push) (out Taken, err error) {
	free, _ := s.store.Free() // where it cannot be told, nothing is taken
	err = s.store.Update(func(tx Tx) error {
		out = Taken{}
		if err := s.mayTake(tx, a, pushes); err != nil {
			return err
		}
		heads := map[wire.Log]LogState{}
		for _, p := range pushes {
			st, err := s.takePush(tx, p, free, &out)
			if err != nil {
				return err
			}
			heads[p.Log] = st
		}
		for _, st := range heads {
			out.Acks = append(out.Acks, entryOf(st))
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	s.counted.received.Add(out.messages)
	if slices.ContainsFunc(pushes, introduces) {
		s.turnedOver()
	}
	if out.calls {
		s.call(a)
	}
	return out, nil
}

// introduces reports whether a push tells something beside messages.
func introduces(p *wire.Push) bool {
	return slices.ContainsFunc(p.Events, func(e wire.Event) bool { return e.Kind >= wire.KindSilent })
}

func (s *Service) mayTake(r Reader, a wire.Account, pushes []*wire.Push) error {
	c, err := r.Contact(a)
	if err != nil || c.Relation() != Accepted {
		return errors.Join(ErrProtocol, ignoreNotFound(err))
	}
	for _, p := range pushes {
		if err := s.mayPush(c, p.Log); err != nil {
			return err
		}
	}
	return nil
}

// mayPush tells whether a contact may push that log (rule 16).
func (s *Service) mayPush(c Contact, l wire.Log) error {
	if l.Conv != s.conv(c.Account) || l.Account != c.Account {
		return fmt.Errorf("%w: it pushes a log that is not its own", ErrProtocol)
	}
	list, err := s.devices(c)
	if err != nil {
		return err
	}
	if !list.HasLive(l.Device) && !slices.Contains(c.Retired, l.Device) {
		return fmt.Errorf("%w: it pushes the log of a device that is not on the list", ErrProtocol)
	}
	return nil
}

// verified is a signed device list and what it says.
type verified struct {
	signed []byte
	list   wire.DeviceList
}

// devices returns the device list of a contact. It is kept in memory, for
// every push asks for it and it has up to nine signatures to verify.
func (s *Service) devices(c Contact) (wire.DeviceList, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.lists[c.Account]; v.signed != nil && bytes.Equal(v.signed, c.List) {
		return v.list, nil
	}
	list, err := wire.ParseDeviceList(c.List)
	if err == nil {
		s.lists[c.Account] = verified{c.List, list}
	}
	return list, err
}

// maxLogs bounds the logs of one conversation, so that a vector always fits
// into a frame: a few dozen devices in a life, on either side.
const maxLogs = 256

// takePush appends those events of p that follow the head of their log, and
// returns that head.
func (s *Service) takePush(tx Tx, p *wire.Push, free uint64, out *Taken) (LogState, error) {
	st, err := tx.Log(p.Log)
	if err != nil {
		return st, err
	}
	conv, err := tx.Conv(p.Log.Conv)
	if err != nil {
		return st, err
	}
	if st.Head == 0 {
		if logs, err := tx.Logs(p.Log.Conv); err != nil || len(logs) >= maxLogs {
			return st, errors.Join(err, fmt.Errorf("%w: it has more devices than anybody needs", ErrProtocol))
		}
	}
	stop, known, now := stops(conv, free), st.Head, s.nowMillis()
	for i := range p.Events {
		e := Event{Log: p.Log, Seq: p.Seq + uint64(i), Wire: p.Events[i], Received: now}
		if e.Seq <= st.Head {
			continue
		}
		if why, ok := follows(&e, st, s.stopsAt(&e, stop)); !ok {
			if err := s.leaveOut(tx, p.Log, why, out); err != nil {
				return st, err
			}
			break
		}
		e.Order = clampOrder(e.Wire.Stamp, st.Order, now)
		chain := e.Wire.Chain(e.Log, e.Seq)
		listed, err := s.absorb(tx, &e)
		if err != nil {
			return st, err
		}
		out.calls = out.calls || listed && calls(&e)
		if listed && !e.Wire.Stub {
			out.messages++
		}
		if err := s.countIn(tx, &e, listed); err != nil {
			return st, err
		}
		st.Head, st.Chain, st.Order = e.Seq, chain, e.Order
	}
	if st.Head == known {
		return st, nil
	}
	return st, tx.PutLog(st)
}

// stopsAt is stop, or that nobody writes to me at present: what tells of presence
// comes all the same, up to the first message that waits.
func (s *Service) stopsAt(e *Event, stop *wire.Reason) *wire.Reason {
	if stop == nil && s.mute.Load() && e.Wire.Kind < wire.KindSilent {
		return new(wire.ReasonRule)
	}
	return stop
}

// leaveOut notes that the log l could not go on, and why; no reason: a gap.
func (s *Service) leaveOut(tx Tx, l wire.Log, why *wire.Reason, out *Taken) error {
	if why == nil {
		out.Gap = true
		return nil
	}
	busy := wire.Busy{Type: wire.FrameBusy, Log: l, Reason: *why}
	if !slices.Contains(out.Busy, busy) {
		out.Busy = append(out.Busy, busy)
	}
	conv, err := tx.Conv(l.Conv)
	if err != nil || *why != wire.ReasonQuota || conv.Over {
		return err
	}
	return errors.Join(s.setOver(tx, &conv, true), tx.PutConv(conv))
}

// follows reports whether e can be appended to the log st, and if not, why; no
// reason: others are missing before it. If stop is given, nothing can.
func follows(e *Event, st LogState, stop *wire.Reason) (why *wire.Reason, ok bool) {
	switch {
	case stop != nil:
		return stop, false
	case e.Seq != st.Head+1:
		return nil, false
	case e.Wire.Prev != st.Chain:
		return new(wire.ReasonForked), false
	}
	return nil, true
}

// countIn adds an event that was taken to the counters of its conversation.
func (s *Service) countIn(tx Tx, e *Event, listed bool) error {
	conv, err := tx.Conv(e.Log.Conv)
	if err != nil {
		return err
	}
	if listed && !e.Wire.Stub {
		conv.Unread++
	}
	conv.Unseen += heldBytes(&e.Wire)
	return errors.Join(s.setOver(tx, &conv, false), tx.PutConv(conv))
}

// TakeGone moves past events that their writer no longer holds.
func (s *Service) TakeGone(a wire.Account, g *wire.Gone) (ack wire.Entry, err error) {
	err = s.store.Update(func(tx Tx) error {
		if err := s.mayTake(tx, a, []*wire.Push{{Log: g.Log}}); err != nil {
			return err
		}
		st, err := tx.Log(g.Log)
		if err != nil {
			return err
		}
		if g.From == st.Head+1 {
			if st.Head == 0 {
				st.Base = g.To
			}
			st.Head, st.Chain = g.To, g.Chain
			err = tx.PutLog(st)
		}
		ack = entryOf(st)
		return err
	})
	return ack, err
}

// Acked takes the heads that a device of a has committed of my logs, each
// compared with my chain by the caller (see ChainAt). Ticks only move forward.
// An error that is ErrProtocol names a log that is not mine.
func (s *Service) Acked(a wire.Account, heads map[wire.Log]uint64) error {
	var delivered uint64
	err := s.store.Update(func(tx Tx) error {
		delivered = 0
		for l, head := range heads {
			n, err := s.tick(tx, a, l, head, ChangeDelivered)
			if err != nil {
				return err
			}
			delivered += n
			if _, err := s.tick(tx, a, l, s.saidRead(l), ChangeRead); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.counted.delivered.Add(delivered)
	}
	return err
}

// TakeRead takes the marks by which a says how far it has read what I wrote.
// Nothing counts as read before it is delivered: a mark that comes ahead of
// the acknowledgement waits for it in memory. Errors as Acked.
func (s *Service) TakeRead(a wire.Account, marks []wire.Mark) error {
	if len(marks) == 0 {
		return nil
	}
	return s.store.Update(func(tx Tx) error {
		for _, m := range marks {
			if _, err := s.tick(tx, a, m.Log, m.Seq, ChangeRead); err != nil {
				return err
			}
		}
		return nil
	})
}

// tick moves the delivery or the read tick of my log l to seq, and returns by how much.
func (s *Service) tick(tx Tx, a wire.Account, l wire.Log, seq uint64, kind ChangeKind) (moved uint64, err error) {
	if l.Conv != s.conv(a) || l.Account != s.self.Account {
		return 0, fmt.Errorf("%w: it ticks a log that is not mine", ErrProtocol)
	}
	st, err := tx.Log(l)
	if err != nil {
		return 0, err
	}
	mark, to := &st.Delivered, seq
	if kind == ChangeRead {
		s.sayRead(l, min(seq, st.Head))
		mark, to = &st.Read, min(seq, st.Delivered)
	}
	if to <= *mark || to > st.Head {
		return 0, nil
	}
	from := *mark
	*mark = to
	if err := tx.PutLog(st); err != nil {
		return 0, err
	}
	return to - from, tx.Note(Change{Kind: kind, Log: l, From: from, To: to, Time: s.nowMillis()})
}

// sayRead remembers how far the other side says it has read my log. It is no
// harm to do so twice, or if the update that it belongs to fails.
func (s *Service) sayRead(l wire.Log, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq > s.said[l] { // at most one entry for each log that I write
		s.said[l] = seq
	}
}

func (s *Service) saidRead(l wire.Log) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[l]
}

// TakeRefused notes that a will never take the event of mine at seq, and that
// its position is covered.
func (s *Service) TakeRefused(a wire.Account, f *wire.Refused) error {
	if f.Log.Account != s.self.Account || f.Log.Conv != s.conv(a) {
		return fmt.Errorf("%w: it refuses what is not mine", ErrProtocol)
	}
	return s.store.Update(func(tx Tx) error {
		e, err := tx.Event(f.Log, f.Seq)
		if err != nil || e.Refused != nil {
			return ignoreNotFound(err)
		}
		st, err := tx.Log(f.Log)
		if err != nil || f.Seq <= st.Delivered {
			return err
		}
		e.Refused = &f.Reason
		if err := tx.Rewrite(e); err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeMessage, Target: e.ID, Time: s.nowMillis()})
	})
}

// TakeBusy keeps why messages to a stay queued; TakeFree ends that.
func (s *Service) TakeBusy(a wire.Account, reason wire.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why[a] = reasonText(reason)
	if reason == wire.ReasonRule {
		s.why[a] = "they take no messages at present"
	}
}

// TakeFree says that nothing keeps messages to a queued.
func (s *Service) TakeFree(a wire.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.why, a)
}

func (s *Service) whyQueued(a wire.Account) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why[a]
}

// Moves returns a channel that is closed when a log, a mark or a stance towards
// somebody has moved, for TakeMoves to tell whom. Take it before looking.
func (s *Service) Moves() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		s.wake = make(chan struct{})
	}
	return s.wake
}

// TakeMoves returns those towards whom something has moved, and forgets them.
func (s *Service) TakeMoves() []wire.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []wire.Account
	for a := range s.moved {
		list = append(list, a)
	}
	clear(s.moved)
	return list
}

func (s *Service) moveLog(a wire.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moved == nil {
		s.moved = map[wire.Account]bool{}
	}
	s.moved[a] = true
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
}
