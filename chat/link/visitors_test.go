package link_test

import (
	"context"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// visit connects a host of somebody else's, who says nothing.
func (w *world) visit(to *person) *person {
	w.Helper()
	h, ip := w.newHost()
	if err := h.Connect(context.Background(), to.info()); err != nil {
		w.Fatal(err)
	}
	return &person{w: w, host: h, ip: ip}
}

// connected tells to whom p has connections.
func (p *person) connected() map[peer.ID]bool {
	set := map[peer.ID]bool{}
	for _, c := range p.host.Network().Conns() {
		set[c.RemotePeer()] = true
	}
	return set
}

// Connections on which nothing is proved do not stay, and there are never many
// of them; those of contacts do.
func TestVisitors(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		for range 80 {
			w.visit(a)
		}
		settle()
		if n := len(a.connected()); n != 64+1 {
			t.Errorf("a has %d connections", n)
		}
		last := w.visit(a)
		settle()
		if !a.connected()[last.host.ID()] {
			t.Error("the newest was turned away")
		}
		time.Sleep(31 * time.Second)
		if set := a.connected(); len(set) != 1 || !set[b.host.ID()] {
			t.Errorf("half a minute later a has %d connections", len(set))
		}
		talk(a, b)
	})
}

// A connection does not outlive its last session for long.
func TestConnectionAfterTheSession(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		b.links.Close()
		settle()
		if a.links.Linked(b.account()) || len(a.connected()) != 1 {
			t.Fatal("the session, and it alone, should have ended")
		}
		time.Sleep(31 * time.Second)
		if n := len(a.connected()); n != 0 {
			t.Errorf("a has %d connections", n)
		}
	})
}

// greetings counts how many hellos of p, begun as fast as they come, a answers
// in that time. p holds a's link.
func (p *person) greetings(a *person, d time.Duration) (n int) {
	for began := time.Now(); time.Since(began) < d; {
		r := p.open(a)
		if r.greet(hello{}) == nil {
			n++
		}
		r.stream.Reset()
		time.Sleep(time.Millisecond)
	}
	return n
}

// An address that begins hellos without end is soon not listened to, be it a
// stranger's or a contact's; others are.
func TestHelloRate(t *testing.T) {
	const burst, rate, seconds = 64, 2, 10
	virtually(t, func(w *world) {
		a, b := w.friends()
		ben, eve := w.newPerson(), w.newPerson()
		befriend(ben, a)
		eve.ask(a)
		for name, p := range map[string]*person{"stranger": eve, "contact": ben} {
			if n := p.greetings(a, seconds*time.Second); n < burst/2 || n > burst+rate*seconds {
				t.Errorf("%d hellos of a %s were answered", n, name)
			}
		}
		other := w.newPerson()
		other.ask(a)
		if err := other.open(a).greet(hello{}); err != nil {
			t.Errorf("somebody else is not answered: %v", err)
		}
		talk(a, b)
	})
}
