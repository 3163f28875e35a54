package link_test

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// sendMany has p send n messages, many at a time, for a commit costs more than
// a message.
func (p *person) sendMany(to *person, n int) {
	p.w.Helper()
	const at = 512
	var all sync.WaitGroup
	for i := range at {
		all.Go(func() {
			for j := i; j < n; j += at {
				if _, err := p.chat.Send(to.account(), fmt.Sprintf("message %d", j), chat.SendOptions{}); err != nil {
					p.w.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// bulkStreams counts the open bulk streams of a host.
func bulkStreams(p *person) (n int) {
	for _, c := range p.host.Network().Conns() {
		for _, s := range c.GetStreams() {
			if s.Protocol() == wire.BulkProtocol {
				n++
			}
		}
	}
	return n
}

// behind makes two contacts of whom b was away while a sent n messages. They
// dial when the caller wants it.
func behind(w *world, n int) (a, b *person) {
	a, b = w.newPerson(), w.newPerson()
	befriend(a, b)
	a.sendMany(b, n)
	a.serve()
	b.serve()
	return a, b
}

// same checks that b has all that a wrote, in a's order, and that all is ticked.
func same(a, b *person, n int) {
	a.w.Helper()
	want, got := a.texts(b), b.texts(a)
	if len(want) != n || !slices.Equal(got, want) {
		a.w.Errorf("of %d messages %d came, or not in order", len(want), len(got))
	}
	if out, err := a.chat.Outbox(); err != nil || len(out) > 0 {
		a.w.Errorf("%d messages are not ticked, %v", len(out), err)
	}
}

// What is far behind comes on a bulk stream, that little on the link, and all
// on the link if the peer is an older one without the protocol.
func TestFarBehind(t *testing.T) {
	for name, test := range map[string]struct {
		messages int
		old      bool
		streams  int
	}{
		"little":   {900, false, 0},
		"much":     {3000, false, 1},
		"old peer": {3000, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				a, b := behind(w, test.messages)
				if test.old {
					b.host.RemoveStreamHandler(wire.BulkProtocol)
				}
				if err := a.dial(b); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				same(a, b, test.messages)
				if n := bulkStreams(a); n != test.streams {
					t.Errorf("there are %d bulk streams", n)
				}
				talk(a, b)
				if lines := append(a.log.lines(), b.log.lines()...); len(lines) > 0 {
					t.Errorf("the log has %q", lines)
				}
			})
		})
	}
}

// Few long messages are far behind too, in both directions at once.
func TestFarBehindInBytes(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.newPerson(), w.newPerson()
		befriend(a, b)
		for range 40 {
			a.send(b, string(make64k()))
			b.send(a, string(make64k()))
		}
		a.serve()
		b.serve()
		if err := a.dial(b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		same(a, b, 80)
		same(b, a, 80)
		if n := bulkStreams(a); n != 2 {
			t.Errorf("there are %d bulk streams", n)
		}
	})
}

// What is sent while a log catches up comes behind it, whoever stops in the
// middle, and however often.
func TestBulkCutOff(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := behind(w, 3000)
		n := 3000
		for i := range 10 {
			var both sync.WaitGroup
			both.Go(func() { a.dial(b) })
			both.Go(func() {
				for range 10 {
					a.send(b, "meanwhile")
				}
			})
			both.Wait()
			n += 10
			for _, s := range a.links.Sessions() {
				switch {
				case i%2 == 0:
					s.Conn.Close()
				default:
					for _, st := range s.Conn.GetStreams() {
						if st.Protocol() == wire.BulkProtocol {
							st.Reset()
						}
					}
				}
			}
		}
		if err := a.dial(b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		same(a, b, n)
	})
}

// newEveBehind is newEve for p, who is a contact of ann's and lacks much of
// what she wrote. The bulk stream that ann opens is accepted.
func newEveBehind(ann, p *person) (*eve, network.Stream) {
	p.w.Helper()
	got := make(chan network.Stream, 1)
	p.host.SetStreamHandler(wire.BulkProtocol, func(st network.Stream) { got <- st })
	e := &eve{raw: p.session(ann), ann: ann, conv: wire.DirectConv(p.account(), ann.account())}
	return e, e.acceptBulk(got)
}

func (e *eve) acceptBulk(got chan network.Stream) (st network.Stream) {
	e.w.Helper()
	select {
	case st = <-got:
	case <-time.After(time.Minute):
		e.w.Fatal("no bulk stream was opened")
	}
	var token [32]byte
	if _, err := io.ReadFull(st, token[:]); err != nil || token != e.theirs {
		e.w.Fatalf("the token is wrong: %v", err)
	}
	st.Write(e.mine[:])
	return st
}

// A second log of the same session stays quick while the bulk stream of the
// first is stuck; and the log that is on the bulk stream is not on the link.
func TestTwoLogs(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.newHonest()
		p := w.newPerson()
		befriend(p, ann)
		ann.sendMany(p, 3000)
		old := ann.chat.Device()
		if err := ann.chat.Renew(ann.key); err != nil {
			t.Fatal(err)
		}
		e, st := newEveBehind(ann, p)
		settle()
		for empty := false; !empty; {
			select {
			case f := <-e.got:
				if p, ok := f.(*wire.Push); ok { // while the stream was opened
					last := len(p.Events) - 1
					e.write(ack(wire.Entry{Log: p.Log, Head: p.Seq + uint64(last), Chain: p.Events[last].Chain(p.Log, p.Seq+uint64(last)).Short()}))
				}
			default:
				empty = true
			}
		}
		settle()
		for i := range 5 {
			m := ann.send(p, "in the new log")
			f := next[wire.Push](e.raw)
			if f.Log.Device == old {
				t.Fatalf("position %d of the old log is on the link", f.Seq)
			}
			if f.Seq != uint64(i+1) || len(f.Events) != 1 {
				t.Fatalf("%d events came at %d", len(f.Events), f.Seq)
			}
			e.write(ack(wire.Entry{Log: f.Log, Head: f.Seq, Chain: f.Events[0].Chain(f.Log, f.Seq).Short()}))
			settle()
			if got := ann.state(m); got != chat.Delivered {
				t.Errorf("the message is %q", got)
			}
		}
		b, err := wire.ReadFrame(st, wire.MaxFrame)
		if err != nil {
			t.Fatal(err)
		}
		f, err := wire.DecodeFrame(b)
		if p, ok := f.(*wire.Push); err != nil || !ok || p.Log.Device != old {
			t.Errorf("the bulk stream has %T, %v", f, err)
		}
	})
}

// A peer that takes the bulk stream and never reads it, or never acknowledges,
// makes us keep no more than a page or two.
func TestBulkUnread(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		p := w.newPerson()
		befriend(p, ann)
		ann.sendMany(p, 6000)
		synctest.Wait()
		before := heap()
		_, st := newEveBehind(ann, p)
		settle()
		if grown := heap() - before; grown > 4<<20 {
			t.Errorf("the heap has grown by %d KiB", grown>>10)
		}
		talk(ann, ben)
		bytes := 0
		st.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, _ := io.Copy(io.Discard, st)
		bytes += int(n)
		if bytes > 300<<10 {
			t.Errorf("%d bytes came unacknowledged", bytes)
		}
	})
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// slowDisk takes its time for each commit.
type slowDisk struct {
	chat.Store
	takes atomic.Int64 // nanoseconds
}

func (d *slowDisk) Update(f func(chat.Tx) error) error {
	time.Sleep(time.Duration(d.takes.Load()))
	return d.Store.Update(f)
}
