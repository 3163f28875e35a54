package storage_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

func dumped(t *testing.T, s *storage.Store) (all map[string]any) {
	t.Helper()
	err := s.View(func(r chat.Reader) error {
		all = dump(t, r, 1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A snapshot is the store of the moment when it was begun, whatever is written
// meanwhile.
func TestSnapshot(t *testing.T) {
	s := open(t, populated(t), storage.Options{})
	want := dumped(t, s)
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := populate(s, 8); err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(dumped(t, s), want) {
		t.Fatal("nothing was written meanwhile")
	}
	var b bytes.Buffer
	n, err := snap.WriteTo(&b)
	if err != nil || n != snap.Size() || int64(b.Len()) != n {
		t.Fatalf("%d bytes of %d, %v", n, snap.Size(), err)
	}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := dumped(t, open(t, path, storage.Options{})); !reflect.DeepEqual(got, want) {
		t.Error("the copy is another store")
	}
}

func TestSnapshotAfterClose(t *testing.T) {
	s := openNew(t)
	s.Close()
	if _, err := s.Snapshot(); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
