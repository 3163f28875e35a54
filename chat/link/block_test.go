package link_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// sign is all that a dialler can see of a listener.
type sign struct {
	hello  string        // how the hello ended
	frames string        // that came after it
	took   time.Duration // until the stream ended
	end    string
}

// probe says hello under the proofs, then that it wants to be a contact, and
// returns all that comes back.
func (p *person) probe(at *person, proofs []chat.Proof) (s sign) {
	p.w.Helper()
	settle()
	began := time.Now()
	r := p.open(at)
	err := r.greet(hello{proofs: proofs})
	s.hello = kind(err)
	for err == nil {
		var b []byte
		if b, err = r.readFrame(); err == nil {
			f, _ := wire.DecodeFrame(b)
			s.frames += fmt.Sprintf("%T ", f)
			st := wire.Stance{Type: wire.FrameStance, Version: 1 << 50, Want: true}
			rand.Read(st.Share[:])
			r.write(st)
		}
	}
	s.end, s.took = kind(err), time.Since(began)
	return s
}

// kind is what an error of a stream says apart from names.
func kind(err error) string {
	var reset *network.StreamError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &reset):
		return fmt.Sprintf("reset, code %d, by the other side: %t", reset.ErrorCode, reset.Remote)
	case errors.Is(err, io.EOF):
		return "end"
	}
	return err.Error()
}

// Whoever was blocked or removed, and whoever holds the link of yesterday, sees
// of a node what a stranger sees: the same bytes in the same time, which is to
// say none (rules 4, 9).
func TestBlockedCannotTell(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		stranger, ben, cat, hal := w.newPerson(), w.newPerson(), w.newPerson(), w.newPerson()
		befriend(ben, a)
		befriend(cat, a)
		l, err := a.chat.Link(nil)
		if err != nil {
			t.Fatal(err)
		}
		byLink := []chat.Proof{{Account: a.account(), Secret: wire.Secret(l.Secret)}}
		if s := hal.probe(a, byLink); s.hello != "" || s.frames == "" {
			t.Fatalf("the link of today opens nothing: %+v", s)
		}
		var nothing wire.Secret
		if _, _, err := a.chat.Block(ben.account()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.chat.Remove(cat.account()); err != nil {
			t.Fatal(err)
		}
		ofBen, err := ben.chat.ProofsFor(a.account())
		if err != nil || len(ofBen) == 0 {
			t.Fatalf("Ben has the secrets %v, %v", ofBen, err)
		}
		ofCat, err := cat.chat.ProofsFor(a.account())
		if err != nil || len(ofCat) == 0 {
			t.Fatalf("Cat has the secrets %v, %v", ofCat, err)
		}
		want := stranger.probe(a, []chat.Proof{{Account: a.account(), Secret: nothing}})
		if want.frames != "" || want.hello == "" {
			t.Errorf("a stranger sees %+v", want)
		}
		for name, x := range map[string]struct {
			who    *person
			proofs []chat.Proof
		}{
			"blocked, by all secrets": {ben, ofBen},
			"blocked, by the link":    {ben, byLink},
			"blocked, by both":        {ben, append(slices.Clone(ofBen), byLink...)},
			"removed":                 {cat, ofCat},
			"another, by the link":    {stranger, byLink},
		} {
			if got := x.who.probe(a, x.proofs); got != want {
				t.Errorf("%s: sees %+v, a stranger %+v", name, got, want)
			}
		}
		talk(a, b)
	})
}

// By a new link, which somebody gave him, a blocked contact gets as far as a
// newcomer gets while no more requests are taken.
func TestBlockedWithTheNewLink(t *testing.T) {
	virtually(t, func(w *world) {
		a := w.newHonest()
		stranger, ben := w.newPerson(), w.newPerson()
		befriend(ben, a)
		if _, _, err := a.chat.Block(ben.account()); err != nil {
			t.Fatal(err)
		}
		for i := range chat.MaxRequests {
			st := wire.Stance{Version: 1, Want: true, Share: [32]byte{1}}
			if err := a.chat.TakeStance(wire.Account{byte(i), 1}, chat.Proof{}, nil, "", st); err != nil {
				t.Fatal(err)
			}
		}
		l, err := a.chat.Link(nil)
		if err != nil {
			t.Fatal(err)
		}
		byLink := []chat.Proof{{Account: a.account(), Secret: wire.Secret(l.Secret)}}
		want, got := stranger.probe(a, byLink), ben.probe(a, byLink)
		if want.frames == "" || got != want {
			t.Errorf("Ben sees %+v, a stranger %+v", got, want)
		}
		if c, err := a.chat.Contact(ben.account()); err != nil || c.Relation != chat.Blocked {
			t.Errorf("Ben is %s, %v", c.Relation, err)
		}
	})
}

// A block ends a session at once and without a word, also in the middle of
// what the other sends.
func TestBlockEndsTheSession(t *testing.T) {
	virtually(t, func(w *world) {
		a := w.newHonest()
		ben := w.newPerson()
		befriend(ben, a)
		r := ben.session(a)
		settle()
		if _, _, err := a.chat.Block(ben.account()); err != nil {
			t.Fatal(err)
		}
		if !r.ended() {
			t.Error("the session goes on")
		}
		if n := a.sessions(ben.account()); n != 0 {
			t.Errorf("%d sessions are open", n)
		}
		if lines := a.log.lines(); len(lines) > 0 {
			t.Errorf("it fills the log: %q", lines)
		}
	})
}

// Somebody removed in the middle of a session is told there, and then unknown.
func TestRemoveIsTold(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		if _, _, err := a.chat.Remove(b.account()); err != nil {
			t.Fatal(err)
		}
		settle()
		if c, err := b.chat.Contact(a.account()); err != nil || c.Relation != chat.Declined {
			t.Errorf("he sees her as %s, %v", c.Relation, err)
		}
		if untold, err := a.chat.Untold(); err != nil || len(untold) > 0 {
			t.Errorf("untold are %v, %v", untold, err)
		}
	})
}
