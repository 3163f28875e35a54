package storage_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

var conv = wire.ConvID{9}

// at is an event of a device at a place.
func at(order uint64, device byte, seq uint64) chat.Event {
	return chat.Event{
		Log:   wire.Log{Conv: conv, Account: wire.Account{device}, Device: wire.Device{device}},
		Order: order, Seq: seq, Listed: true, Wire: wire.Event{Kind: wire.KindContent},
	}
}

func appendAll(t testing.TB, s *storage.Store, events ...chat.Event) {
	t.Helper()
	update(t, s, func(tx chat.Tx) error {
		for _, e := range events {
			if err := tx.Append(&e); err != nil {
				return err
			}
		}
		return nil
	})
}

func positions(events []chat.Event) (list []chat.Position) {
	for _, e := range events {
		list = append(list, e.Position())
	}
	return list
}

// TestHistoryOrder: by order, then device, then seq, whichever came first, in
// memory and on disk, forth and back, from each place and from between.
func TestHistoryOrder(t *testing.T) {
	events := []chat.Event{
		at(5, 8, 1), at(5, 8, 2), at(5, 8, 3), at(5, 2, 1), at(5, 2, 2), at(1, 5, 1), at(5, 5, 2), at(9, 2, 3), at(0, 9, 1), at(^uint64(0), 8, 4),
	}
	hidden := at(5, 3, 1)
	hidden.Listed = false
	want := slices.Clone(positions(events))
	slices.SortFunc(want, compare)
	for name, opt := range map[string]storage.Options{
		"in memory":       storage.Options{},
		"on disk":         storage.Options{}.WithTail(1),
		"half":            storage.Options{}.WithTail(6),
		"one at a time":   storage.Options{}.WithTail(6).WithPage(1),
		"three at a time": storage.Options{}.WithTail(1).WithPage(3),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir()+"/store", opt)
			for _, e := range append(events, hidden) {
				appendAll(t, s, e)
			}
			places := []*chat.Position{nil, {Order: 5, Device: wire.Device{4}, Seq: 7}, {Order: 3}, {Order: ^uint64(0), Device: wire.Device{255}}}
			for _, p := range want {
				places = append(places, &p)
			}
			view(t, s, func(r chat.Reader) error {
				for _, p := range places {
					checkHistory(t, r, p, want)
				}
				return nil
			})
		})
	}
}

func checkHistory(t *testing.T, r chat.Reader, p *chat.Position, all []chat.Position) {
	t.Helper()
	var before, after []chat.Position
	for _, x := range all {
		if p == nil || compare(x, *p) < 0 {
			before = append(before, x)
		}
		if p == nil || compare(x, *p) > 0 {
			after = append(after, x)
		}
	}
	slices.Reverse(before)
	if got, err := collect(r.Before(conv, p)); err != nil || !slices.Equal(positions(got), before) {
		t.Errorf("before %v: %v, should be %v, %v", p, positions(got), before, err)
	}
	if got, err := collect(r.After(conv, p)); err != nil || !slices.Equal(positions(got), after) {
		t.Errorf("after %v: %v, should be %v, %v", p, positions(got), after, err)
	}
}

func TestByPrefix(t *testing.T) {
	s := open(t, t.TempDir()+"/store", storage.Options{}.WithTail(2))
	for i, id := range []wire.MessageID{
		{0xab, 0xcd, 8: 1}, {0xab, 0xcd, 8: 2}, {0xab, 0xc0}, {0xff}, {},
	} {
		e := at(uint64(i), 1, uint64(i+1))
		e.ID = id
		appendAll(t, s, e)
	}
	for _, c := range []struct {
		prefix string
		limit  int
		seqs   []uint64
	}{
		{"", 10, []uint64{3, 1, 2, 4}},
		{"", 2, []uint64{3, 1}},
		{"", 0, nil},
		{"a", 10, []uint64{3, 1, 2}},
		{"abc", 10, []uint64{3, 1, 2}},
		{"abcd", 10, []uint64{1, 2}},
		{"abcd00000000000002", 10, []uint64{2}},
		{"abcd000000000000010", 10, []uint64{1}},
		{"00", 10, nil},
		{"f", 10, []uint64{4}},
		{"F", 10, nil},
		{"xyz", 10, nil},
		{wire.MessageID{0xff}.String(), 10, []uint64{4}},
		{wire.MessageID{0xff}.String() + "0", 10, nil},
		{wire.MessageID{}.String(), 10, nil},
	} {
		view(t, s, func(r chat.Reader) error {
			found, err := r.ByPrefix(c.prefix, c.limit)
			var seqs []uint64
			for _, e := range found {
				seqs = append(seqs, e.Seq)
			}
			if !slices.Equal(seqs, c.seqs) {
				t.Errorf("%q, at most %d: %d, should be %d", c.prefix, c.limit, seqs, c.seqs)
			}
			return err
		})
	}
}

// TestRewrite: the body goes, and all that the event is found by stays.
func TestRewrite(t *testing.T) {
	s := openNew(t)
	e := at(5, 1, 1)
	e.ID, e.Wire.Body = wire.MessageID{4}, []byte("soon gone")
	appendAll(t, s, e, at(6, 1, 2))
	reason := wire.ReasonRule
	update(t, s, func(tx chat.Tx) error {
		e := e
		e.ID, e.Order, e.Listed, e.Refused, e.Wire.Stub, e.Wire.Body = wire.MessageID{5}, 77, false, &reason, true, make([]byte, 32)
		return tx.Rewrite(e)
	})
	view(t, s, func(r chat.Reader) error {
		got, err := r.ByID(e.ID)
		if err != nil || got.Order != 5 || !got.Listed || got.Cursor != 1 || !got.Wire.Stub || got.Refused == nil || *got.Refused != reason {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := r.ByID(wire.MessageID{5}); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("by another id: %v", err)
		}
		history, err := collect(r.After(conv, nil))
		if len(history) != 2 || r.Cursor() != 2 {
			t.Errorf("%d in the history, the cursor is %d", len(history), r.Cursor())
		}
		return err
	})
	err := s.Update(func(tx chat.Tx) error { return tx.Rewrite(at(5, 1, 3)) })
	if !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("of an event that is not there: %v", err)
	}
}

// TestMove: the event is found at its new place and by its id, in the update
// that moves it and after; where it was, nothing is.
func TestMove(t *testing.T) {
	s := open(t, t.TempDir()+"/store", storage.Options{}.WithTail(1))
	for seq := range uint64(4) {
		old := at(seq, 1, seq+1)
		old.ID = wire.MessageID{byte(seq), 1} // so that there are runs of ids on disk
		appendAll(t, s, old)
	}
	e := at(7, 1, 5)
	e.ID = wire.MessageID{6}
	moved := at(0, 2, 1)
	check := func(r chat.Reader) {
		got, err := r.ByID(e.ID)
		if err != nil || got.Log != moved.Log || got.Seq != 1 || got.Cursor != 5 {
			t.Errorf("by id: %+v, %v", got, err)
		}
		if _, err := r.Event(e.Log, 5); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("at the old place: %v", err)
		}
		history, err := collect(r.After(conv, nil))
		if err != nil || len(history) != 5 || history[1].ID != e.ID {
			t.Errorf("history: %v, %v", positions(history), err)
		}
	}
	update(t, s, func(tx chat.Tx) error {
		if _, err := tx.ByID(e.ID); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("before: %v", err)
		}
		e := e
		if err := errors.Join(tx.Append(&e), tx.Move(chat.Ref{Log: e.Log, Seq: 5}, moved)); err != nil {
			return err
		}
		check(tx)
		return nil
	})
	view(t, s, func(r chat.Reader) error { check(r); return nil })
}

// TestRewriteWhileReading: who goes through a sequence may write.
func TestRewriteWhileReading(t *testing.T) {
	s := open(t, t.TempDir()+"/store", storage.Options{}.WithTail(3).WithPage(2))
	l := at(0, 1, 1).Log
	for seq := range uint64(10) {
		appendAll(t, s, at(seq, 1, seq+1))
	}
	update(t, s, func(tx chat.Tx) error {
		n := uint64(0)
		for e, err := range tx.Events(l, 1) {
			if err != nil {
				return err
			}
			n++
			e.Wire.Body = []byte{byte(n)}
			more := at(100+n, 2, n)
			if err := errors.Join(tx.Rewrite(e), tx.Append(&more)); err != nil {
				return err
			}
		}
		if n != 10 {
			t.Errorf("%d events", n)
		}
		return nil
	})
	view(t, s, func(r chat.Reader) error {
		events, err := collect(r.After(conv, nil))
		for i, e := range events[:10] {
			if len(e.Wire.Body) != 1 || e.Wire.Body[0] != byte(i+1) {
				t.Errorf("event %d has the body %d", i, e.Wire.Body)
			}
		}
		if len(events) != 20 {
			t.Errorf("%d in the history", len(events))
		}
		return err
	})
}

func TestForgetDone(t *testing.T) {
	s := openNew(t)
	update(t, s, func(tx chat.Tx) error {
		for key, time := range map[string]uint64{"old": 1, "used again": 2, "edge": 5, "new": 9} {
			if err := tx.PutDone(key, chat.Done{What: "send", Time: time}); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutDone("used again", chat.Done{Time: 8}), tx.ForgetDone(5))
	})
	view(t, s, func(r chat.Reader) error {
		for key, kept := range map[string]bool{"old": false, "used again": true, "edge": true, "new": true} {
			if _, err := r.Done(key); errors.Is(err, chat.ErrNotFound) == kept {
				t.Errorf("%q: %v", key, err)
			}
		}
		return nil
	})
}

func TestNoteIsNoEvent(t *testing.T) {
	err := openNew(t).Update(func(tx chat.Tx) error { return tx.Note(chat.Change{Kind: chat.ChangeEvent}) })
	if !errors.Is(err, chat.ErrUsage) {
		t.Errorf("%v", err)
	}
}
