package chat_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

// yesterday is the home of n as it is now, for later.
func (n *node) yesterday(t *testing.T) *node {
	t.Helper()
	snap, err := n.disk.Store.(*storage.Store).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "store")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = snap.WriteTo(f)
	if err := errors.Join(err, snap.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(path, storage.Options{Now: n.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	old := &node{disk: &disk{Store: store}, clock: n.clock, key: n.key}
	old.restart(t)
	return old
}

// recover asks the peer for what this home has lost, and takes it.
func (n *node) recover(t *testing.T, peer *node) {
	t.Helper()
	v, err := peer.Vector(n.Account())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range v.Entries {
		if e.Log != n.logTo(peer) {
			continue
		}
		want, err := n.Question(e)
		if err != nil {
			t.Fatal(err)
		}
		p, err := peer.Answer(n.Account(), want)
		if err != nil {
			t.Fatal(err)
		}
		if own, err := n.TakeOwn(peer.Account(), &p, e.Head, func() ed25519.PrivateKey { return n.key }); err != nil || own.Back == 0 {
			t.Fatalf("%+v, %v", own, err)
		}
		return
	}
	t.Fatal("the peer has nothing")
}

// What was taken back stays so when a home that was rolled back writes it again,
// and what has left stays what may have arrived.
func TestCancelInAHomeThatWasRolledBack(t *testing.T) {
	now, ben, p := pair(t)
	ann := now.yesterday(t)
	now.send(t, ben, "lost")
	p.exchange(t)

	taken, left := ann.send(t, ben, "taken back"), ann.send(t, ben, "has left")
	cancelled(t, ann, ben, taken, "taken back")
	if _, _, err := ann.PushFrom(ann.logTo(ben), seqOf(t, ann, left), 1<<20); err != nil {
		t.Fatal(err)
	}
	ann.recover(t, ben)
	if m := ann.message(t, taken.ID); m.State != chat.Failed || m.Why == "" {
		t.Errorf("what was taken back is %+v", m)
	}
	refusesCancel(t, ann, left.ID)

	open(t, ann, ben).exchange(t)
	if m := ann.message(t, taken.ID); m.State != chat.Failed {
		t.Errorf("what was taken back is %+v", m)
	}
	wantTexts(t, slices.DeleteFunc(ben.texts(t, ann), func(text string) bool {
		return strings.Contains(text, "new device")
	}), "lost", "has left")
}
