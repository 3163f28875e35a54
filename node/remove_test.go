package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/host"
)

// turn removes, blocks or unblocks, and waits until the node stands on the
// identity that counts.
func turn(t *testing.T, n, who *node.Node, do func(*chat.Service, wire.Account) (chat.ContactView, string, error)) {
	t.Helper()
	if _, _, err := do(n.Chat(), who.Chat().Account()); err != nil {
		t.Fatal(err)
	}
	settle(t, n)
}

func settle(t *testing.T, n *node.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

// reachable reports whether the peer whose id ends the addresses answers at one
// of them.
func reachable(t *testing.T, addrs []string) bool {
	t.Helper()
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	k, err := crypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(t.Context(), host.Config{Key: k, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, a := range addrs {
		info, err := peer.AddrInfoFromString(a)
		if err != nil {
			t.Fatal(err)
		}
		if h.Connect(t.Context(), *info) == nil {
			return true
		}
	}
	return false
}

func delivered(t *testing.T, from, to *node.Node, text string) {
	t.Helper()
	m := send(t, from, to, text)
	eventually(t, from, "delivered: "+text, func() bool { return state(t, from, m.ID) == chat.Delivered })
}

// logWait waits for a node to log something.
type logWait struct {
	what string
	ch   chan struct{}
	once sync.Once
}

func newLogWait(what string) *logWait { return &logWait{what: what, ch: make(chan struct{})} }

// Write implements io.Writer.
func (l *logWait) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(l.what)) {
		l.once.Do(func() { close(l.ch) })
	}
	return len(b), nil
}

func (l *logWait) config(c *node.Config) {
	c.Log = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *logWait) wait(t *testing.T) {
	t.Helper()
	select {
	case <-l.ch:
	case <-time.After(time.Minute):
		t.Fatalf("it did not log %q", l.what)
	}
}

// withCat starts Ann with two contacts, Ben and Cat.
func withCat(t *testing.T) (ann, ben, cat *person, a, b, c *node.Node) {
	t.Helper()
	ann, ben, a, b = friends(t)
	cat = newPerson(t, "Cat")
	c = cat.start(t)
	befriend(t, a, c)
	return ann, ben, cat, a, b, c
}

// After a block the old peer id answers nowhere, and all others are linked
// again within seconds, unaided. What the blocked contact sends waits with it,
// and comes after unblocking, in order and once (rules 1, 9).
func TestBlock(t *testing.T) {
	_, ben, _, a, b, c := withCat(t)
	delivered(t, a, b, "number 0")
	delivered(t, c, a, "number 0")
	id, addrs := a.PeerID(), a.Addrs()
	if !reachable(t, addrs) {
		t.Fatal("Ann cannot be reached at all")
	}
	began := time.Now()
	turn(t, a, b, (*chat.Service).Block)
	if a.PeerID() == id {
		t.Error("the peer id is the old one")
	}
	if reachable(t, addrs) {
		t.Error("the old peer id answers")
	}
	if now := a.Addrs(); !reachable(t, now) || len(now) != len(addrs) || trim(now[0]) != trim(addrs[0]) {
		t.Errorf("Ann is at %v, and was at %v", now, addrs)
	}
	eventually(t, c, "Cat sees Ann", func() bool { return online(t, c, a) })
	delivered(t, c, a, "number 1")
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("it took %v until Cat was back", d)
	}
	eventually(t, b, "Ben sees Ann go", func() bool { return !online(t, b, a) })
	numbered(t, b, a, 0, 5)
	mine := texts(t, a, b)
	b.Close()
	tried := newLogWait("dial failed")
	b = ben.start(t, tried.config)
	tried.wait(t)
	delivered(t, a, c, "meanwhile")
	if now := texts(t, a, b); !slices.Equal(now, mine) || online(t, b, a) {
		t.Errorf("Ben, who is blocked, brought %q", now)
	}
	if got := relation(b, a.Chat().Account()); got != chat.Accepted {
		t.Errorf("Ben is told something: he sees Ann as %s", got)
	}

	numbered(t, b, a, 5, 8)
	turn(t, a, b, (*chat.Service).Unblock)
	eventually(t, b, "all is delivered", func() bool {
		out, err := b.Chat().Outbox()
		return err == nil && len(out) == 0
	})
	want := []string{"number 0"}
	for i := range 8 {
		want = append(want, fmt.Sprintf("number %d", i))
	}
	if got := texts(t, a, b); !slices.Equal(got, want) {
		t.Errorf("Ann has %q", got)
	}
	delivered(t, a, b, "again")
}

// trim cuts the peer id from an address.
func trim(addr string) string {
	info, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return addr
	}
	return info.Addrs[0].String()
}

// Somebody removed while linked is told at once, under the old peer id, and
// does not learn the new one.
func TestRemove(t *testing.T) {
	_, _, a, b := friends(t)
	delivered(t, a, b, "before")
	eventually(t, a, "linked", func() bool { return online(t, a, b) })
	id := a.PeerID()
	turn(t, a, b, (*chat.Service).Remove)
	eventually(t, b, "Ben is told", func() bool { return relation(b, a.Chat().Account()) == chat.Declined })
	if untold, err := a.Chat().Untold(); err != nil || len(untold) > 0 || a.PeerID() == id {
		t.Errorf("Ann holds that %v were not told, %v; her peer id is new: %v", untold, err, a.PeerID() != id)
	}
	if known, err := b.Chat().Peers(a.Chat().Account()); err != nil || slices.ContainsFunc(known, func(p chat.Peer) bool { return p.ID == a.PeerID() }) {
		t.Errorf("Ben knows the new peer id, %v", err)
	}
	if got := texts(t, a, b); !slices.Equal(got, []string{"before"}) {
		t.Errorf("the history is %q", got)
	}
}

// What was queued when somebody away was removed is gone for good.
func TestRemoveSomebodyAway(t *testing.T) {
	ann, ben, a, b := friends(t)
	delivered(t, a, b, "before")
	l := link(t, b)
	b.Close()
	stale := send(t, a, b, "stale")
	turn(t, a, b, (*chat.Service).Remove)
	if got := state(t, a, stale.ID); got != chat.Failed {
		t.Errorf("what waited is %s", got)
	}
	told := a.PeerID()
	a.Close() // in the middle: nobody has been told
	a = ann.start(t)
	if a.PeerID() != told {
		t.Error("a restart changed the peer id")
	}
	b = ben.start(t)
	eventually(t, b, "Ben is told", func() bool { return relation(b, a.Chat().Account()) == chat.Declined })
	eventually(t, a, "Ann knows that he is", func() bool {
		untold, err := a.Chat().Untold()
		return err == nil && len(untold) == 0
	})
	settle(t, a)
	if a.PeerID() == told {
		t.Error("the peer id is that under which Ben was told")
	}

	ask(t, a, l)
	becomeContacts(t, a, b)
	delivered(t, a, b, "fresh")
	if got := texts(t, b, a); !slices.Equal(got, []string{"before", "fresh"}) {
		t.Errorf("Ben has %q", got)
	}
	if got := state(t, a, stale.ID); got != chat.Failed {
		t.Errorf("what waited is %s now", got)
	}
}

// Resetting the link and removing Cat while Ben is away disturbs nobody but
// her, though Ann moves: Ben and Ann meet, Cat gets nothing (rule 7).
func TestResetAndRemoveWhileAnotherIsAway(t *testing.T) {
	ann, ben, cat, a, b, c := withCat(t)
	delivered(t, a, b, "number 0")
	delivered(t, a, c, "number 0")
	old := link(t, a)
	b.Close()
	if err := a.Chat().ResetLink(""); err != nil {
		t.Fatal(err)
	}
	turn(t, a, c, (*chat.Service).Remove)
	eventually(t, c, "Cat is told", func() bool { return relation(c, a.Chat().Account()) == chat.Declined })
	c.Close()
	a.Close()
	ann.move(t)
	a = ann.start(t)
	waits := send(t, a, b, "number 1")
	b = ben.start(t)
	eventually(t, a, "delivered", func() bool { return state(t, a, waits.ID) == chat.Delivered })

	// Cat knows where Ann is, and has her old link and secrets.
	tried := newLogWait("knows no relation with us")
	c = cat.start(t, tried.config, func(cfg *node.Config) { cfg.Peers = a.Addrs() })
	if _, _, err := c.Chat().Ask(old, chat.AskOptions{Note: "me again"}); err != nil {
		t.Fatal(err)
	}
	before := texts(t, a, c)
	tried.wait(t)
	numbered(t, a, b, 2, 6)
	eventually(t, a, "all is delivered", func() bool {
		out, err := a.Chat().Outbox()
		return err == nil && len(out) == 0
	})
	if asked(a) || !slices.Equal(texts(t, a, c), before) || relation(a, c.Chat().Account()) != chat.Gone {
		t.Error("Cat got through to Ann")
	}
	if got := links(c); got != 0 {
		t.Errorf("Cat has %d links", got)
	}
}

// Whatever moment a node dies at, it comes back as before the step or after it.
func TestDieWhileBlocking(t *testing.T) {
	ann, _, a, b := friends(t)
	id := a.PeerID()
	if _, _, err := a.Chat().Block(b.Chat().Account()); err != nil {
		t.Fatal(err)
	}
	a.Close() // whether or not the new identity was taken on
	a = ann.start(t)
	if a.PeerID() == id {
		t.Error("the peer id is the old one")
	}
	if got := relation(a, b.Chat().Account()); got != chat.Blocked {
		t.Errorf("Ann sees Ben as %s", got)
	}
	turn(t, a, b, (*chat.Service).Unblock)
	delivered(t, b, a, "hello")
}

// The identity is replaced again and again in the middle of traffic both ways:
// everything arrives in order and once, and the port is kept.
func TestTrafficWhileTheIdentityChanges(t *testing.T) {
	_, _, a, b := friends(t)
	const resets, each = 5, 20
	at := a.Addrs()
	id := a.PeerID()
	for i := range resets {
		numbered(t, b, a, i*each, (i+1)*each)
		send(t, a, b, fmt.Sprint("from Ann ", i))
		if err := a.Chat().ResetLink(""); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			settle(t, a)
		}
	}
	settle(t, a)
	if now := a.Addrs(); a.PeerID() == id || trim(now[0]) != trim(at[0]) {
		t.Errorf("Ann is at %v, and was at %v", now, at)
	}
	for _, n := range []*node.Node{a, b} {
		eventually(t, n, "all is delivered", func() bool {
			out, err := n.Chat().Outbox()
			return err == nil && len(out) == 0
		})
	}
	got := slices.DeleteFunc(texts(t, a, b), func(s string) bool { return s[0] != 'n' })
	for i, s := range got {
		if s != fmt.Sprintf("number %d", i) {
			t.Fatalf("message %d is %q", i, s)
		}
	}
	if len(got) != resets*each {
		t.Errorf("there are %d messages of %d", len(got), resets*each)
	}
	a.Close()
	settle(t, a)
}
