package link_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Who stops right after sending still hears that it has arrived.
func TestStopAfterSending(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		m := a.send(b, "the last word")
		a.links.Close()
		if got := a.state(m); got != chat.Delivered {
			t.Errorf("the message is %q", got)
		}
		if got := b.texts(a); len(got) != 1 {
			t.Errorf("b has %q", got)
		}
	})
}

// What came before bye is acknowledged before it is answered.
func TestByeAfterPush(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.newHonest()
		e := w.newEve(ann)
		e.write(push(e.log(), 1, events(e.log(), 5)))
		e.write(wire.Bye{Type: wire.FrameBye})
		if a := next[wire.Ack](e.raw); a.Entries[0].Head != 5 {
			t.Errorf("position %d is acknowledged", a.Entries[0].Head)
		}
		next[wire.Bye](e.raw)
		e.stream.CloseWrite()
		if !e.ended() || ann.sessions(e.me.account()) > 0 {
			t.Error("the session goes on")
		}
	})
}

// A bye that is never followed by the end of the stream holds nobody up.
func TestByeAndSilence(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.newHonest()
		e := w.newEve(ann)
		e.write(wire.Bye{Type: wire.FrameBye})
		next[wire.Bye](e.raw)
		time.Sleep(6 * time.Second)
		if ann.sessions(e.me.account()) > 0 {
			t.Error("the session goes on")
		}
	})
}

// A peer cannot make us write to the disk without end.
func TestCostlyFrames(t *testing.T) {
	for name, make := range map[string]func(e *eve, i uint64) any{
		"refused": func(e *eve, i uint64) any { return wire.Refused{Type: wire.FrameRefused, Log: e.anns(), Seq: i + 1} },
		"gone": func(e *eve, i uint64) any {
			return wire.Gone{Type: wire.FrameGone, Log: e.log(), From: i + 1, To: i + 1}
		},
		"stanceack": func(_ *eve, i uint64) any { return wire.StanceAck{Type: wire.FrameStanceAck, Version: i + 1} },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				ann := w.newPerson()
				disk := &countingDisk{Store: ann.store}
				ann.chat = w.open(disk)
				ann.serve()
				e := w.newEve(ann)
				disk.updates.Store(0)
				go func() {
					for i := range uint64(20000) {
						if e.bytes(wire.AppendFrame(nil, make(e, i))) != nil {
							return
						}
					}
				}()
				time.Sleep(5 * time.Second)
				if n := disk.updates.Load(); n > 2000 {
					t.Errorf("%d writes in 5 s", n)
				}
				e.stream.Reset()
				settle()
			})
		})
	}
}

// Nor can it make us read a window of pushes without end: a vector that
// forgets all, and an acknowledgement, over and over.
func TestVectorsWithoutEnd(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.newPerson()
		disk := &countingDisk{Store: ann.store}
		ann.chat = w.open(disk)
		ann.serve()
		e := w.newEve(ann)
		for range 8 {
			ann.send(e.me, string(make64k()))
		}
		first := next[wire.Push](e.raw)
		begin := wire.AppendFrame(nil, vector())
		begin = wire.AppendFrame(begin, ack(wire.Entry{Log: first.Log, Head: 1, Chain: first.Events[0].Chain(first.Log, 1).Short()}))
		go func() {
			for range e.got {
			}
		}()
		disk.views.Store(0)
		go func() {
			for range 5000 {
				if e.bytes(begin) != nil {
					return
				}
			}
		}()
		time.Sleep(5 * time.Second)
		if n := disk.views.Load(); n > 2000 {
			t.Errorf("%d looks at the disk in 5 s", n)
		}
		if ann.sessions(e.me.account()) != 1 {
			t.Error("the session has ended")
		}
		e.stream.Reset()
		settle()
	})
}

type countingDisk struct {
	chat.Store
	updates, views atomic.Int64
}

func (d *countingDisk) View(f func(chat.Reader) error) error {
	d.views.Add(1)
	return d.Store.View(f)
}

func (d *countingDisk) Update(f func(chat.Tx) error) error {
	d.updates.Add(1)
	return d.Store.Update(f)
}

// What a contact wants back comes, whatever else it says meanwhile; and that
// there is nothing is also an answer.
func TestWant(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.newHonest()
		e := w.newEve(ann)
		e.write(push(e.log(), 1, events(e.log(), 5)))
		next[wire.Ack](e.raw)
		e.write(wire.Want{Type: wire.FrameWant, Log: e.log(), From: 2, To: 4})
		e.write(vector())
		if p := next[wire.Push](e.raw); p.Seq != 2 || len(p.Events) != 3 {
			t.Errorf("%d events from %d on came back", len(p.Events), p.Seq)
		}
		e.write(wire.Want{Type: wire.FrameWant, Log: e.log(), From: 6, To: 9})
		if g := next[wire.Gone](e.raw); g.From != 6 || g.To != 9 {
			t.Errorf("gone are %d to %d", g.From, g.To)
		}
	})
}

// A peer that accepts a connection and says nothing leaves no dead connection
// behind.
func TestSilentListener(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.newHonest(), w.newPerson()
		b.host.SetStreamHandler(wire.LinkProtocol, func(network.Stream) {})
		a.ask(b)
		if err := a.dial(b); err == nil {
			t.Error("somebody was there")
		}
		settle()
		if n := len(a.host.Network().ConnsToPeer(b.host.ID())); n > 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// Nor does one that is gone, and of which it is not known what it speaks.
func TestSilentNegotiation(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.newHonest(), w.newPerson()
		a.ask(b)
		if err := a.host.Connect(w.Context(), b.info()); err != nil {
			t.Fatal(err)
		}
		settle()
		w.net.Cut(b.ip, true)
		if err := a.dial(b); err == nil {
			t.Error("somebody was there")
		}
		synctest.Wait()
		if n := len(a.host.Network().ConnsToPeer(b.host.ID())); n > 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}
