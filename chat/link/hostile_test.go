package link_test

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// eve is a contact of ann who has just begun a session and keeps to nothing.
type eve struct {
	*raw
	ann  *person
	conv wire.ConvID

	first wire.ChainValue // of ann's first event
}

// log is the log that eve may push, hers that which ann pushes to her.
func (e *eve) log() wire.Log {
	return wire.Log{Conv: e.conv, Account: e.me.account(), Device: e.me.chat.Device()}
}

func (e *eve) anns() wire.Log {
	return wire.Log{Conv: e.conv, Account: e.ann.account(), Device: e.ann.chat.Device()}
}

// events makes n events of a log that belong together, from its beginning.
func events(l wire.Log, n int) (list []wire.Event) {
	var prev wire.ChainValue
	for i := range n {
		var salt [16]byte
		rand.Read(salt[:])
		body, err := wire.NewText(salt, fmt.Sprintf("event %d", i)).Encode()
		if err != nil {
			panic(err)
		}
		e := wire.Event{Kind: wire.KindContent, Stamp: uint64(time.Now().UnixMilli()), Prev: prev, Body: body}
		prev = e.Chain(l, uint64(i+1))
		list = append(list, e)
	}
	return list
}

func push(l wire.Log, seq uint64, list []wire.Event) wire.Push {
	return wire.Push{Type: wire.FramePush, Log: l, Seq: seq, Events: list}
}

func vector(entries ...wire.Entry) wire.Vector {
	return wire.Vector{Type: wire.FrameVector, Entries: entries}
}

func ack(entries ...wire.Entry) wire.Ack {
	return wire.Ack{Type: wire.FrameAck, Entries: entries}
}

// strangeLogs returns entries for logs that are not there.
func strangeLogs(conv wire.ConvID, a wire.Account) (list []wire.Entry) {
	for range wire.MaxEntries {
		e := wire.Entry{Log: wire.Log{Conv: conv, Account: a}, Head: 7}
		rand.Read(e.Log.Device[:])
		list = append(list, e)
	}
	return list
}

// A contact does everything that is forbidden. What breaks the protocol ends
// the session with one line in the log; the rest leads to nothing. Ann's one
// message to eve, which was pushed to her, is never ticked, and nobody else
// notices.
func TestHostileContact(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(e *eve)
		ends bool
	}{
		"pushes a log of ann's": {func(e *eve) {
			e.write(push(e.anns(), 1, events(e.anns(), 1)))
		}, true},
		"pushes into another conversation": {func(e *eve) {
			l := e.log()
			l.Conv[0]++
			e.write(push(l, 1, events(l, 1)))
		}, true},
		"pushes for a device that is not listed": {func(e *eve) {
			l := e.log()
			l.Device[0]++
			e.write(push(l, 1, events(l, 1)))
		}, true},
		"pushes with a gap": {func(e *eve) {
			list := events(e.log(), 5)
			e.write(push(e.log(), 4, list[3:]))
			if v := next[wire.Vector](e.raw); len(v.Entries) > 1 { // ann's own log
				e.w.Errorf("ann has taken %v", v.Entries)
			}
		}, false},
		"pushes another course of events": {func(e *eve) {
			e.write(push(e.log(), 1, events(e.log(), 3)))
			next[wire.Ack](e.raw)
			e.write(push(e.log(), 3, events(e.log(), 4)[2:]))
			e.write(push(e.log(), 4, events(e.log(), 4)[3:]))
			if b := next[wire.Busy](e.raw); b.Reason != wire.ReasonForked {
				e.w.Errorf("the reason is %d", b.Reason)
			}
		}, false},
		"says that events of ann's are gone": {func(e *eve) {
			e.write(wire.Gone{Type: wire.FrameGone, Log: e.anns(), From: 1, To: wire.MaxSeq})
		}, true},
		"acknowledges what was not pushed": {func(e *eve) {
			e.write(ack(wire.Entry{Log: e.anns(), Head: 2}))
		}, true},
		"acknowledges far beyond": {func(e *eve) {
			e.write(ack(wire.Entry{Log: e.anns(), Head: wire.MaxSeq}))
		}, true},
		"acknowledges her own log": {func(e *eve) {
			e.write(ack(wire.Entry{Log: e.log(), Head: 1}))
		}, true},
		"acknowledges without the chain": {func(e *eve) {
			for range 100 {
				e.write(ack(wire.Entry{Log: e.anns(), Head: 1}))
			}
		}, false},
		"claims more of ann's log than there is": {func(e *eve) {
			for range 20 {
				e.write(vector(wire.Entry{Log: e.anns(), Head: 100}))
			}
		}, false},
		"claims it without the chain": {func(e *eve) {
			e.write(vector(wire.Entry{Log: e.anns(), Head: 1}))
		}, false},
		"shows events that ann did not write": {func(e *eve) {
			e.write(vector(wire.Entry{Log: e.anns(), Head: 100}))
			next[wire.Want](e.raw)
			for range 20 {
				e.write(push(e.anns(), 1, events(e.anns(), 100)))
			}
			e.write(vector(wire.Entry{Log: e.anns(), Head: 101}))
		}, false},
		"begins behind it": {func(e *eve) {
			e.write(vector(wire.Entry{Log: e.anns(), Base: 1, Head: 1, Chain: e.first.Short()}))
			e.write(ack(wire.Entry{Log: e.anns(), Base: 1, Head: 1, Chain: e.first.Short()}))
		}, false},
		"claims many logs of ann's": {func(e *eve) {
			for range 20 {
				e.write(vector(strangeLogs(e.conv, e.ann.account())...))
			}
		}, false},
		"claims many logs of her own": {func(e *eve) {
			for range 20 {
				e.write(vector(strangeLogs(e.conv, e.me.account())...))
			}
		}, false},
		"sends a vector that is too long": {func(e *eve) {
			e.write(vector(append(strangeLogs(e.conv, e.ann.account()), wire.Entry{})...))
		}, true},
		"marks as read what she has not": {func(e *eve) {
			e.write(wire.Read{Type: wire.FrameRead, Marks: []wire.Mark{{Log: e.anns(), Seq: wire.MaxSeq}}})
		}, false},
		"marks another conversation as read": {func(e *eve) {
			l := e.anns()
			l.Conv[0]++
			e.write(wire.Read{Type: wire.FrameRead, Marks: []wire.Mark{{Log: l, Seq: 1}}})
		}, true},
		"refuses what is not hers": {func(e *eve) {
			e.write(wire.Refused{Type: wire.FrameRefused, Log: e.log(), Seq: 1})
		}, true},
		"changes her mind without end": {func(e *eve) {
			for i := range uint64(1000) {
				e.write(wire.Stance{Type: wire.FrameStance, Version: 1<<60 + i, Want: true, Share: [32]byte{1}})
			}
		}, true},
		"sends another's devices": {func(e *eve) {
			c, _ := e.w.newPerson().chat.Credential(nil)
			e.write(wire.Devices{Type: wire.FrameDevices, List: c.List})
		}, true},
		"sends garbage": {func(e *eve) {
			e.bytes(append(binary.BigEndian.AppendUint32(nil, 100), make([]byte, 100)...))
		}, true},
		"announces a huge frame": {func(e *eve) {
			e.bytes(binary.BigEndian.AppendUint32(nil, 1<<32-1))
		}, true},
		"sends frames of the future": {func(e *eve) {
			for i := range 1000 {
				e.write([]any{wire.FrameType(1000 + i), "what", map[string]int{"is": 1}, []byte("this?")})
			}
			e.write(wire.Hello1{Type: wire.FrameHello1})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				ann, ben := w.friends()
				e := w.newEve(ann)
				m := ann.send(e.me, "for eve")
				e.first = next[wire.Push](e.raw).Events[0].Chain(e.anns(), 1)
				ann.log.lines()

				test.do(e)
				if got := e.ended(); got != test.ends {
					t.Errorf("the session has ended: %t", got)
				}
				talk(ann, ben)
				if got := ann.state(m); got != chat.Queued {
					t.Errorf("the message is %q at its sender", got)
				}
				if lines := ann.log.lines(); len(lines) > 2 || test.ends && len(lines) == 0 {
					t.Errorf("the log has %d lines: %q", len(lines), lines)
				}
				if got := len(ann.texts(e.me)); got > 4 {
					t.Errorf("ann has %d messages with eve", got)
				}
			})
		})
	}
}

// newEve makes a contact of ann who speaks by hand, in a session with her.
func (w *world) newEve(ann *person) *eve {
	w.Helper()
	p := w.newPerson()
	befriend(p, ann)
	return &eve{raw: p.session(ann), ann: ann, conv: wire.DirectConv(p.account(), ann.account())}
}

// Between a request and its answer nothing but stances counts.
func TestFramesBeforeAcceptance(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		p := w.newPerson()
		p.ask(ann)
		r := p.open(ann)
		if err := r.greet(hello{}); err != nil {
			t.Fatal(err)
		}
		r.listen()
		st, _, err := p.chat.StanceFor(ann.account())
		if err != nil {
			t.Fatal(err)
		}
		r.write(st)
		next[wire.StanceAck](r)
		e := &eve{raw: r, ann: ann, conv: wire.DirectConv(p.account(), ann.account())}
		e.write(vector(strangeLogs(e.conv, ann.account())...))
		e.write(push(e.log(), 1, events(e.log(), 3)))
		e.write(push(e.anns(), 1, events(e.anns(), 3)))
		e.write(ack(wire.Entry{Log: e.anns(), Head: 1}))
		if e.ended() {
			t.Error("the session has ended")
		}
		if _, _, err := ann.chat.Accept(p.account(), ""); err != nil {
			t.Fatal(err)
		}
		if v := next[wire.Vector](e.raw); len(v.Entries) != 0 || len(ann.texts(p)) != 0 {
			t.Errorf("ann has taken %v", v.Entries)
		}
		talk(ann, ben)
	})
}

// A contact that never acknowledges gets no more than a window, and as much
// again only if it shows a vector.
func TestWindow(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		e := w.newEve(ann)
		for range 40 {
			ann.send(e.me, string(make64k()))
		}
		var first wire.ChainValue // at position 1
		got := func() (bytes int) {
			settle()
			for {
				select {
				case f := <-e.got:
					if p, ok := f.(*wire.Push); ok {
						if p.Seq == 1 {
							first = p.Events[0].Chain(p.Log, 1)
						}
						for i := range p.Events {
							bytes += len(p.Events[i].Body)
						}
					}
				default:
					return bytes
				}
			}
		}
		const window, slack = 256 << 10, 100 << 10
		if n := got(); n < window-slack || n > window+slack {
			t.Errorf("%d bytes came unacknowledged", n)
		}
		e.write(vector())
		if n := got(); n < window-slack || n > window+slack {
			t.Errorf("after a vector %d bytes came", n)
		}
		// What is acknowledged makes room; after busy, only what is new does.
		one := ack(wire.Entry{Log: e.anns(), Head: 1, Chain: first.Short()})
		e.write(one)
		if n := got(); n < wire.MaxText || n > 2*slack {
			t.Errorf("after one was acknowledged %d bytes came", n)
		}
		e.write(wire.Busy{Type: wire.FrameBusy, Log: e.anns(), Reason: wire.ReasonDiskFull})
		e.write(one)
		if n := got(); n != 0 {
			t.Errorf("after busy %d bytes came", n)
		}
		talk(ann, ben)
	})
}

// A contact that makes work and reads nothing is cut off, whatever the work.
func TestReadsNothing(t *testing.T) {
	for name, frame := range map[string]any{
		"pings":   wire.Ping{Type: wire.FramePing},
		"vectors": vector(),
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				ann, ben := w.friends()
				p := w.newPerson()
				befriend(p, ann)
				for range 40 {
					ann.send(p, string(make64k()))
				}
				ann.log.lines()
				r := p.open(ann)
				if err := r.greet(hello{}); err != nil {
					t.Fatal(err)
				}
				r.write(vector())
				ended := false
				for began := time.Now(); !ended && time.Since(began) < time.Minute; {
					for range 1000 {
						if ended = r.bytes(wire.AppendFrame(nil, frame)) != nil; ended {
							break
						}
					}
					time.Sleep(time.Millisecond)
				}
				settle()
				if n := ann.sessions(p.account()); !ended || n > 0 {
					t.Errorf("it goes on: %d sessions", n)
				}
				if lines := ann.log.lines(); len(lines) > 1 {
					t.Errorf("the log has %q", lines)
				}
				talk(ann, ben)
			})
		})
	}
}
