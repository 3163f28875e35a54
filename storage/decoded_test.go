package storage_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

func contactName(t testing.TB, r chat.Reader) string {
	t.Helper()
	c, err := r.Contact(wire.Account{1})
	if err != nil {
		t.Fatal(err)
	}
	return c.Name
}

func putName(t testing.TB, tx chat.Tx, name string) error {
	err := tx.PutContact(chat.Contact{Account: wire.Account{1}, Name: name})
	if err == nil && contactName(t, tx) != name {
		err = errors.New("an update does not see what it wrote")
	}
	return err
}

// Rows that are kept decoded are never those of another attempt, of an update
// that failed, or of an older state.
func TestDecodedRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	for opening := range 3 {
		s := open(t, path, storage.Options{})
		attempts := 0
		update(t, s, func(tx chat.Tx) error { // the first of an opening runs twice, under two keys of one number
			attempts++
			return putName(t, tx, fmt.Sprint("attempt ", attempts))
		})
		if attempts < 2 {
			t.Fatal("the first update ran once: this test shows nothing")
		}
		refused := errors.New("refused")
		err := s.Update(func(tx chat.Tx) error { return errors.Join(putName(t, tx, "refused"), refused) })
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		view(t, s, func(r chat.Reader) error {
			if got, want := contactName(t, r), fmt.Sprint("attempt ", attempts); got != want {
				t.Errorf("opening %d: the contact is called %q, want %q", opening, got, want)
			}
			return nil
		})
		update(t, s, func(tx chat.Tx) error { return putName(t, tx, "newer") })
		view(t, s, func(r chat.Reader) error {
			if got := contactName(t, r); got != "newer" {
				t.Errorf("the contact is called %q after it was changed", got)
			}
			return nil
		})
		s.Close()
	}
}

// What a reader hands out belongs to whoever asked, as far as they grow it.
func TestDecodedRowsGrow(t *testing.T) {
	s := openNew(t)
	c := chat.Contact{Account: wire.Account{1}, Hints: []string{"a"}, List: []byte{1}, Retired: []wire.Device{{1}}}
	update(t, s, func(tx chat.Tx) error { return tx.PutContact(c) })
	for range 2 {
		view(t, s, func(r chat.Reader) error {
			c, err := r.Contact(wire.Account{1})
			if err != nil || len(c.Hints) != 1 || len(c.List) != 1 || len(c.Retired) != 1 || c.Retired[0] != (wire.Device{1}) {
				t.Errorf("the contact reads %+v, %v", c, err)
			}
			c.Hints, c.List = append(c.Hints, "b"), append(c.List, 2)
			c.Retired = append(c.Retired, wire.Device{2})
			c.Retired[0] = wire.Device{3}
			return nil
		})
	}
}
