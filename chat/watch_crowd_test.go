package chat_test

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// counted is a store that counts which contacts are read.
type counted struct {
	chat.Store
	contacts int
}

type countedReader struct {
	chat.Reader
	s *counted
}

func (c *counted) View(fn func(chat.Reader) error) error {
	return c.Store.View(func(r chat.Reader) error { return fn(countedReader{r, c}) })
}

func (r countedReader) Contact(a wire.Account) (chat.Contact, error) {
	r.s.contacts++
	return r.Reader.Contact(a)
}

// That one contact comes does not have a watcher look at all others.
func TestWatchingACrowd(t *testing.T) {
	ann := newNode(t, "Ann")
	var crowd []*author
	for i := range byte(30) {
		crowd = append(crowd, newAuthorOf(t, ann, ed25519.NewKeyFromSeed(slices.Repeat([]byte{100 + i}, 32)), 1))
	}
	store := &counted{Store: ann.disk}
	s, err := chat.New(store, chat.Options{Now: ann.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	say := func(a *author, seq uint64, state wire.Availability) {
		p := wire.Presence{View: wire.ViewFull, Boot: 1, Seq: seq, Time: uint64(ann.clock.ms), State: state}
		if err := s.TakePresence(a.account(), a.log(0).Device, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range crowd {
		say(a, 1, wire.PresenceAvailable)
	}
	told := 0
	for u, err := range s.Watch(t.Context(), s.Cursor()) {
		if err != nil || u.Kind != chat.UpdatePresence {
			t.Fatal(u.Kind, err)
		}
		told++
		if told == len(crowd) {
			store.contacts = 0
			say(crowd[0], 2, wire.PresenceAway)
		}
		if told > len(crowd) {
			break
		}
	}
	if store.contacts > 10 {
		t.Errorf("%d contacts were read to tell of one", store.contacts)
	}
}
