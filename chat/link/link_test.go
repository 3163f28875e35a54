package link_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Messages sent before acceptance wait for it.
func TestNothingFlowsBeforeAcceptance(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.newHonest(), w.newHonest()
		a.ask(b)
		early := a.send(b, "before the answer")
		if err := a.dial(b); err != nil {
			t.Fatal(err)
		}
		settle()
		if got := b.texts(a); len(got) != 0 || a.state(early) != "queued" {
			t.Errorf("b has %q, at a it is %q", got, a.state(early))
		}
		if _, _, err := b.chat.Accept(a.account(), ""); err != nil {
			t.Fatal(err)
		}
		settle()
		if got := b.texts(a); len(got) != 1 || a.state(early) != "delivered" {
			t.Errorf("b has %q, at a it is %q", got, a.state(early))
		}
	})
}

// Both dial at the same moment, while messages wait: one session stays, the
// same for both, and everything arrives once and in order.
func TestDialsThatCross(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		var want []string
		for round := range 30 {
			for _, p := range []*person{a, b} {
				w.net.Cut(p.ip, true)
			}
			time.Sleep(time.Minute) // QUIC gives the connection up
			if a.sessions(b.account()) != 0 || b.sessions(a.account()) != 0 {
				t.Fatal("a cut does not end the session")
			}
			for i := range 20 {
				text := fmt.Sprintf("%d-%d", round, i)
				a.send(b, text)
				want = append(want, text)
			}
			for _, p := range []*person{a, b} {
				w.net.Cut(p.ip, false)
			}
			var both sync.WaitGroup
			both.Go(func() { a.dial(b) })
			both.Go(func() { b.dial(a) })
			both.Wait()
			settle()
			if i, j := a.sessions(b.account()), b.sessions(a.account()); i != 1 || j != 1 {
				t.Fatalf("round %d: a has %d sessions, b has %d", round, i, j)
			}
		}
		if got := b.texts(a); !slices.Equal(got, want) {
			t.Errorf("%d of %d messages arrived: %q", len(got), len(want), got)
		}
		if out, err := a.chat.Outbox(); err != nil || len(out) != 0 {
			t.Errorf("%d messages wait, %v", len(out), err)
		}
	})
}

// A device that was started anew takes the place of its former self at once.
func TestNewerStart(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		h, ip := w.newHost() // the same device on another machine
		again := &person{w: w, host: h, ip: ip, store: b.store, chat: w.open(b.store)}
		again.serve()
		w.net.Cut(b.ip, true)
		if err := again.dial(a); err != nil {
			t.Fatal(err)
		}
		settle()
		if got := a.sessions(b.account()); got != 1 {
			t.Errorf("a has %d sessions", got)
		}
		if dead := a.host.Network().ConnsToPeer(b.host.ID()); len(dead) != 0 {
			t.Errorf("a keeps %d connections with who is gone", len(dead))
		}
		talk(a, again)
	})
}

func TestProbe(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		a.links.Probe()
		settle()
		if a.sessions(b.account()) != 1 {
			t.Fatal("a probe ended a session that lives")
		}
		w.net.Cut(b.ip, true)
		a.links.Probe()
		time.Sleep(6 * time.Second)
		if a.links.Linked(b.account()) {
			t.Error("6 s after the probe, a cut link is still taken for good")
		}
	})
}

// A goodbye to somebody who is gone does not take long.
func TestCloseTowardsTheDead(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		w.net.Cut(b.ip, true)
		for range 20 { // more than fits into what a write does not wait for
			a.send(b, string(make64k()))
		}
		began := time.Now()
		a.links.Close()
		if d := time.Since(began); d > 6*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func make64k() []byte {
	b := make([]byte, wire.MaxText)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// While the other's disk is full messages wait, and say why; they go when there
// is room again.
func TestFullDisk(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.newHonest(), w.newPerson()
		disk := &fullDisk{Store: b.store}
		b.chat = w.open(disk)
		b.serve()
		befriend(a, b)
		talk(a, b)
		disk.full.Store(true)
		var last wire.MessageID
		for i := range 20 {
			last = a.send(b, fmt.Sprint(i))
		}
		time.Sleep(time.Minute)
		if m, err := a.chat.Message(last); err != nil || m.State != chat.Queued || m.Why == "" {
			t.Errorf("the message is %q because %q, %v", m.State, m.Why, err)
		}
		if a.sessions(b.account()) != 1 || len(a.log.lines()) > 0 {
			t.Error("the session did not last")
		}
		disk.full.Store(false)
		time.Sleep(6 * time.Second)
		if m, err := a.chat.Message(last); err != nil || m.State != chat.Delivered || m.Why != "" {
			t.Errorf("with room again the message is %q because %q, %v", m.State, m.Why, err)
		}
		if got := len(b.texts(a)); got != 22 {
			t.Errorf("there are %d messages", got)
		}
	})
}

type fullDisk struct {
	chat.Store
	full atomic.Bool
}

func (d *fullDisk) Free() (uint64, error) {
	if d.full.Load() {
		return 0, nil
	}
	return d.Store.Free()
}
