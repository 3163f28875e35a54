package storage_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

func hasEven(body []byte) bool { return len(body)%2 == 0 }

// scan returns the numbers that a scan finds, in its order.
func scan(t testing.TB, s *storage.Store, conv wire.ConvID, keep func([]byte) bool) (numbers []uint64) {
	t.Helper()
	for p, err := range s.Scan(t.Context(), conv, keep) {
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range p.Rows {
			numbers = append(numbers, row.Cursor)
		}
	}
	return numbers
}

// found returns what a scan should find, by way of the journal.
func found(t testing.TB, s *storage.Store, conv wire.ConvID, keep func([]byte) bool) (numbers []uint64) {
	t.Helper()
	view(t, s, func(r chat.Reader) error {
		for c, err := range r.Journal(0) {
			if err != nil {
				return err
			}
			e := c.Event
			if e != nil && !e.Wire.Stub && e.Wire.Kind == wire.KindContent && keep(e.Wire.Body) &&
				(conv == wire.ConvID{} || conv == e.Log.Conv) {
				numbers = append(numbers, c.Cursor)
			}
		}
		return nil
	})
	slices.Reverse(numbers)
	return numbers
}

// mixture writes events of several kinds, and changes that are none.
func mixture(t testing.TB, s *storage.Store, d *rand.Rand, f *feeder, n int) {
	for range n {
		e := f.next()
		e.Wire.Kind = []wire.EventKind{wire.KindContent, wire.KindContent, 2, wire.KindSilent}[d.IntN(4)]
		e.Wire.Body = make([]byte, 32+d.IntN(4))
		e.Wire.Stub = d.IntN(5) == 0
		update(t, s, func(tx chat.Tx) error {
			if d.IntN(4) == 0 {
				return tx.Note(chat.Change{Kind: chat.ChangeContact, Account: e.Log.Account})
			}
			return tx.Append(&e)
		})
	}
}

func TestScanFindsWhatTheJournalHas(t *testing.T) {
	d := rand.New(rand.NewPCG(7, 7))
	for _, rows := range []int{1, 3, 64, 2048} {
		s := open(t, filepath.Join(t.TempDir(), "store"), storage.Options{}.WithScanRows(rows).WithTail(20))
		mixture(t, s, d, &feeder{convs: 3}, 100)
		other := wire.ConvID{9, 9}
		for _, conv := range []wire.ConvID{{}, benchLog(1).Conv, other} {
			got, want := scan(t, s, conv, hasEven), found(t, s, conv, hasEven)
			if !slices.Equal(got, want) {
				t.Errorf("%d rows at a time, conversation %v: %v, not %v", rows, conv[:8], got, want)
			}
			if conv != other && len(want) == 0 {
				t.Error("there was nothing to find")
			}
		}
	}
}

// Each page tells the time of the oldest event in it, and each row its own.
func TestScanTellsTimes(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store"), storage.Options{}.WithScanRows(10))
	f := feeder{convs: 3}
	f.feed(t, s, 95)
	times := []uint64{}
	for p, err := range s.Scan(t.Context(), wire.ConvID{}, func([]byte) bool { return true }) {
		if err != nil || len(p.Rows) == 0 || p.Rows[len(p.Rows)-1].Received != p.Received {
			t.Fatalf("%+v, %v", p, err)
		}
		for _, row := range p.Rows {
			times = append(times, row.Received)
			if row.Order != row.Received || !row.Listed {
				t.Errorf("%+v", row)
			}
		}
	}
	slices.Reverse(times)
	if !slices.IsSorted(times) || len(times) != 95 {
		t.Errorf("%d rows, received at %v", len(times), times)
	}
}

func TestScanEnds(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store"), storage.Options{}.WithScanRows(5))
	f := feeder{convs: 3}
	f.feed(t, s, 500)
	var looked atomic.Int64
	keep := func([]byte) bool { looked.Add(1); return true }
	for range s.Scan(t.Context(), wire.ConvID{}, keep) {
		break
	}
	if n := looked.Load(); n > 200 {
		t.Errorf("who wants one page has %d rows looked at", n)
	}
	gone := errors.New("the asker is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	steps := 0
	for _, err := range s.Scan(ctx, wire.ConvID{}, keep) {
		if steps++; err != nil {
			if !errors.Is(err, gone) {
				t.Errorf("it ends with %v", err)
			}
			break
		}
		cancel(gone)
	}
	if steps > 20 {
		t.Errorf("it goes on for %d steps", steps)
	}
	s.Close()
	for _, err := range s.Scan(t.Context(), wire.ConvID{}, keep) {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("closed, it says %v", err)
		}
	}
}

// Between two steps nothing is held: whoever reads may write, and closing does
// not wait.
func TestScanHoldsNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store"), storage.Options{}.WithScanRows(5))
	f := feeder{convs: 3}
	f.feed(t, s, 100)
	seen := 0
	for p, err := range s.Scan(t.Context(), wire.ConvID{}, func([]byte) bool { return true }) {
		if err != nil {
			t.Fatal(err)
		}
		seen += len(p.Rows)
		f.feed(t, s, 50)
	}
	if seen != 100 {
		t.Errorf("it saw %d rows of 100", seen)
	}
}

// What is blanked is not found.
func TestScanPassesStubs(t *testing.T) {
	s := openNew(t)
	f := feeder{convs: 1}
	f.feed(t, s, 10)
	update(t, s, func(tx chat.Tx) error {
		e, err := tx.Event(benchLog(0), 5)
		if err != nil {
			return err
		}
		h := e.Wire.BodyHash()
		e.Wire.Stub, e.Wire.Body = true, bytes.Clone(h[:])
		return tx.Rewrite(e)
	})
	got := scan(t, s, wire.ConvID{}, func([]byte) bool { return true })
	if len(got) != 9 || slices.Contains(got, 5) {
		t.Errorf("it finds %v", got)
	}
}
