package storage_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

// clear are the buckets whose values are not sealed.
var clear = map[string]bool{
	"meta": true, "runs": true, "numbers": true, "positions": true, "orders": true, "ids": true, "doneTimes": true,
}

// raw opens the file of a closed store as bbolt does.
func raw(t testing.TB, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
}

// populate writes something into each bucket.
func populate(s *storage.Store, seed uint64) error {
	for i := range uint64(20) {
		err := s.Update(func(tx chat.Tx) error {
			_, err := script{name: fmt.Sprint("script", i), seed: seed + i}.run(tx)
			return err
		})
		if err != nil && !errors.Is(err, errScript) {
			return err
		}
	}
	return nil
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNonceIsUsedOnce: a home that was copied and goes on twice, with commits
// that fail on the way, seals no two rows under one key and nonce.
func TestNonceIsUsedOnce(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	n := 0
	seen := map[string][]byte{} // run id and counter → row
	collect := func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copyPath := filepath.Join(dir, "look")
		if err := os.WriteFile(copyPath, b, 0o600); err != nil {
			t.Fatal(err)
		}
		raw(t, copyPath, func(tx *bbolt.Tx) error { return sealedRows(tx, seen) })
	}
	fails := func(path string) func(tx *bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			if n++; n%5 != 0 {
				return tx.Commit()
			}
			defer collect(path)
			if n%2 == 0 {
				return errors.Join(tx.Commit(), errInjected)
			}
			return errors.Join(tx.Rollback(), errInjected)
		}
	}
	run := func(path string, seed uint64) {
		s := open(t, path, storage.Options{}.WithTail(5).WithCommit(fails(path)))
		if err := populate(s, seed); err != nil && !errors.Is(err, errInjected) {
			t.Fatal(err)
		}
		collect(path)
		s.Close()
	}
	run(first, 100)
	copyFile(t, first, second)
	run(first, 200)
	run(second, 300)
	run(second, 400)
	if len(seen) < 100 {
		t.Errorf("only %d rows were looked at", len(seen))
	}
}

func sealedRows(tx *bbolt.Tx, seen map[string][]byte) error {
	runs := tx.Bucket([]byte("runs"))
	return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		if clear[string(name)] {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			run, n := binary.Uvarint(v)
			counter, m := binary.Uvarint(v[n:])
			id := runs.Get(binary.BigEndian.AppendUint32(nil, uint32(run)))
			nonce := fmt.Sprintf("%x %d", id, counter)
			row := append(append([]byte(nil), k...), v[n+m:]...)
			if old, ok := seen[nonce]; ok && !bytes.Equal(old, row) {
				return fmt.Errorf("%s seals two rows", nonce)
			}
			seen[nonce] = row
			return nil
		})
	})
}

// TestRowsCannotBeMoved swaps each row with its neighbour, within its bucket and
// with that of another.
func TestRowsCannotBeMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path, storage.Options{})
	f := feeder{convs: 2}
	be64 := func(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }
	update(t, s, func(tx chat.Tx) error {
		return errors.Join(f.write(tx, 4), tx.PutSetting("a", "1"), tx.PutSetting("b", "2"), tx.PutSetting(be64(1), "3"))
	})
	s.Close()
	swap := func(b1, k1, b2, k2 string) {
		raw(t, path, func(tx *bbolt.Tx) error {
			x, y := tx.Bucket([]byte(b1)), tx.Bucket([]byte(b2))
			v1, v2 := bytes.Clone(x.Get([]byte(k1))), bytes.Clone(y.Get([]byte(k2)))
			if v1 == nil || v2 == nil {
				t.Fatalf("no row %s/%q or %s/%q", b1, k1, b2, k2)
			}
			return errors.Join(x.Put([]byte(k1), v2), y.Put([]byte(k2), v1))
		})
	}
	for _, c := range []struct{ b1, k1, b2, k2 string }{
		{"settings", "a", "settings", "b"},
		{"journal", be64(1), "journal", be64(2)},
		{"journal", be64(1), "settings", "a"},
		{"journal", be64(1), "settings", be64(1)},
	} {
		swap(c.b1, c.k1, c.b2, c.k2)
		opened, err := storage.Open(path, storage.Options{Key: key})
		if err == nil {
			err = opened.View(func(r chat.Reader) error {
				_, err1 := r.Setting("a")
				_, err2 := r.Event(benchLog(0), 1)
				_, err3 := r.Setting(be64(1))
				return errors.Join(err1, err2, err3)
			})
			opened.Close()
		}
		if !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%+v: %v", c, err)
		}
		swap(c.b1, c.k1, c.b2, c.k2)
	}
	open(t, path, storage.Options{})
}

// TestNothingInClear: neither names nor texts stand in the file.
func TestNothingInClear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path, storage.Options{}.WithTail(1))
	secret := []byte("a secret that stands nowhere")
	f := feeder{convs: 1}
	e := f.next()
	copy(e.Log.Conv[:], secret)
	copy(e.Log.Account[:], secret)
	copy(e.Log.Device[:], secret)
	e.Wire.Body = secret
	update(t, s, func(tx chat.Tx) error {
		return errors.Join(
			tx.Append(&e), tx.PutLog(chat.LogState{Log: e.Log}), tx.PutConv(chat.Conv{ID: e.Log.Conv, Peer: e.Log.Account}),
			tx.PutContact(chat.Contact{Account: e.Log.Account, Name: string(secret)}), tx.PutSetting("name", string(secret)),
			tx.PutDone(string(secret), chat.Done{What: string(secret)}), tx.PutSelf(chat.Self{Device: e.Log.Device}),
			tx.PutPeers(e.Log.Account, []chat.Peer{{ID: string(secret)}}),
			tx.PutFold(chat.Fold{Conv: e.Log.Conv, Target: e.ID, Deleted: []wire.Account{e.Log.Account}}),
			tx.Note(chat.Change{Kind: chat.ChangeContact, Account: e.Log.Account}))
	})
	s.Close()
	f1, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f1.Close()
	b, err := io.ReadAll(f1)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{secret[:8], secret[8:20], key[:16]} {
		if bytes.Contains(b, part) {
			t.Errorf("%q stands in the file", part)
		}
	}
}

// TestReadingWritesNothing: an opening that only reads leaves the file as it is.
func TestReadingWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path, storage.Options{})
	if err := populate(s, 1); err != nil {
		t.Fatal(err)
	}
	s.Close()
	before, _ := os.ReadFile(path)
	s = open(t, path, storage.Options{})
	view(t, s, func(r chat.Reader) error { dump(t, r, 1); return nil })
	s.Close()
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
}
