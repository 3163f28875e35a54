package storage_test

import (
	"cmp"
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = [32]byte{1, 2, 3}

func open(t testing.TB, path string, opt storage.Options) *storage.Store {
	t.Helper()
	opt.Key = cmp.Or(opt.Key, key)
	s, err := storage.Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openNew(t testing.TB) *storage.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "store"), storage.Options{})
}

func update(t testing.TB, s *storage.Store, fn func(tx chat.Tx) error) {
	t.Helper()
	if err := s.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *storage.Store, fn func(r chat.Reader) error) {
	t.Helper()
	if err := s.View(fn); err != nil {
		t.Fatal(err)
	}
}

func TestNewStoreIsEmpty(t *testing.T) {
	s := openNew(t)
	view(t, s, func(r chat.Reader) error {
		if _, err := r.Self(); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("Self: %v", err)
		}
		if _, err := r.Contact(wire.Account{1}); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("Contact: %v", err)
		}
		if r.Cursor() != 0 {
			t.Errorf("the cursor is %d", r.Cursor())
		}
		return nil
	})
}

func TestEventIsFoundEveryWay(t *testing.T) {
	s := openNew(t)
	l := wire.Log{Conv: wire.ConvID{1}, Account: wire.Account{2}, Device: wire.Device{3}}
	e := chat.Event{Log: l, Seq: 1, ID: wire.MessageID{7, 8}, Order: 5, Received: 6, Listed: true, Wire: wire.Event{Kind: 1, Body: []byte("x")}}
	update(t, s, func(tx chat.Tx) error { return tx.Append(&e) })
	view(t, s, func(r chat.Reader) error {
		got, err := r.Event(l, 1)
		if err != nil || got.Cursor != 1 || got.ID != e.ID {
			t.Errorf("Event: %+v, %v", got, err)
		}
		if got, err := r.ByID(e.ID); err != nil || got.Seq != 1 {
			t.Errorf("ByID: %+v, %v", got, err)
		}
		if got, err := r.ByPrefix("070", 2); err != nil || len(got) != 1 {
			t.Errorf("ByPrefix: %+v, %v", got, err)
		}
		n := 0
		for _, err := range r.Before(l.Conv, nil) {
			n++
			if err != nil {
				t.Error(err)
			}
		}
		for _, err := range r.After(l.Conv, nil) {
			n++
			if err != nil {
				t.Error(err)
			}
		}
		if n != 2 {
			t.Errorf("%d in the history", n)
		}
		return nil
	})
}
