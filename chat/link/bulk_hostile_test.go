package link_test

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/truce-im/truce/chat/wire"
)

// bulk opens a bulk stream to somebody, shows a token, and returns what comes
// back within a minute: the stream and all of a token, or nothing.
func (p *person) bulk(to *person, token [32]byte) (st network.Stream, back []byte) {
	p.w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.host.Connect(ctx, to.info()); err != nil {
		p.w.Fatal(err)
	}
	st, err := p.host.NewStream(ctx, to.host.ID(), wire.BulkProtocol)
	if err != nil {
		return nil, nil
	}
	p.w.Cleanup(func() { st.Reset() })
	st.Write(token[:])
	st.SetReadDeadline(time.Now().Add(time.Minute))
	back = make([]byte, 32)
	n, _ := io.ReadFull(st, back)
	return st, back[:n]
}

// openBulk opens the bulk stream of eve's session.
func (e *eve) openBulk() network.Stream {
	e.w.Helper()
	st, back := e.me.bulk(e.ann, e.mine)
	if string(back) != string(e.theirs[:]) {
		e.w.Fatalf("ann has answered with %x", back)
	}
	return st
}

// Nobody gets a word who has no session, whose session is not with a contact,
// or who does not know its token.
func TestBulkWithoutSession(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		stranger, contact, guest := w.newPerson(), w.newPerson(), w.newPerson()
		befriend(contact, ann)
		guest.ask(ann)
		g := guest.open(ann)
		if err := g.greet(hello{}); err != nil {
			t.Fatal(err)
		}
		g.listen()
		eve := w.newEve(ann)
		earlier := eve.mine
		eve.stream.Reset()
		settle()
		eve.raw = eve.me.session(ann)
		ann.log.lines()

		wrong := eve.mine
		wrong[31] ^= 1
		for name, try := range map[string]struct {
			who   *person
			token [32]byte
		}{
			"a stranger":            {stranger, eve.mine},
			"without a session":     {contact, eve.mine},
			"who asks":              {guest, g.mine},
			"a wrong token":         {eve.me, wrong},
			"ann's own token":       {eve.me, eve.theirs},
			"of an earlier session": {eve.me, earlier},
			"of somebody else's":    {eve.me, g.mine},
			"zeroes":                {eve.me, [32]byte{}},
		} {
			if _, back := try.who.bulk(ann, try.token); len(back) > 0 {
				t.Errorf("%s: %x came back", name, back)
			}
		}
		eve.openBulk()
		if _, back := eve.me.bulk(ann, eve.mine); len(back) > 0 {
			t.Error("a session has two bulk streams")
		}
		if eve.ended() {
			t.Error("the session has ended")
		}
		if lines := ann.log.lines(); len(lines) > 0 {
			t.Errorf("the log has %q", lines)
		}
		talk(ann, ben)
	})
}

// A contact does on a bulk stream all that is forbidden there. It ends the
// session with one line in the log, or leads to nothing.
func TestHostileBulk(t *testing.T) {
	frame := func(f any) []byte { return wire.AppendFrame(nil, f) }
	for name, test := range map[string]struct {
		do   func(e *eve, st io.Writer)
		ends bool
	}{
		"garbage": {func(e *eve, st io.Writer) {
			st.Write(append(binary.BigEndian.AppendUint32(nil, 100), make([]byte, 100)...))
		}, true},
		"a huge length": {func(e *eve, st io.Writer) {
			st.Write(binary.BigEndian.AppendUint32(nil, 1<<32-1))
		}, true},
		"half a frame": {func(e *eve, st io.Writer) {
			st.Write(append(binary.BigEndian.AppendUint32(nil, wire.MaxFrame), make([]byte, 1000)...))
		}, false},
		"silence": {func(e *eve, st io.Writer) {}, false},
		"another frame": {func(e *eve, st io.Writer) {
			st.Write(frame(wire.Ping{Type: wire.FramePing}))
		}, true},
		"a frame of the future": {func(e *eve, st io.Writer) {
			st.Write(frame([]any{wire.FrameType(1000)}))
		}, true},
		"ann's log": {func(e *eve, st io.Writer) {
			st.Write(frame(push(e.anns(), 1, events(e.anns(), 1))))
		}, true},
		"another conversation": {func(e *eve, st io.Writer) {
			l := e.log()
			l.Conv[0]++
			st.Write(frame(push(l, 1, events(l, 1))))
		}, true},
		"the log of a device that is not listed": {func(e *eve, st io.Writer) {
			l := e.log()
			l.Device[0]++
			st.Write(frame(push(l, 1, events(l, 1))))
		}, true},
		"a gap": {func(e *eve, st io.Writer) {
			st.Write(frame(push(e.log(), 4, events(e.log(), 5)[3:])))
			next[wire.Vector](e.raw)
		}, false},
		"the same on both streams": {func(e *eve, st io.Writer) {
			list := events(e.log(), 2)
			for range 50 {
				st.Write(frame(push(e.log(), 1, list)))
				e.write(push(e.log(), 1, list))
			}
		}, false},
		"another course of events": {func(e *eve, st io.Writer) {
			e.write(push(e.log(), 1, events(e.log(), 2)))
			next[wire.Ack](e.raw)
			st.Write(frame(push(e.log(), 2, events(e.log(), 3)[1:])))
			st.Write(frame(push(e.log(), 3, events(e.log(), 3)[2:])))
			if b := next[wire.Busy](e.raw); b.Reason != wire.ReasonForked {
				e.w.Errorf("the reason is %d", b.Reason)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(w *world) {
				ann, ben := w.friends()
				e := w.newEve(ann)
				st := e.openBulk()
				ann.log.lines()
				test.do(e, st)
				if got := e.ended(); got != test.ends {
					t.Errorf("the session has ended: %t", got)
				}
				talk(ann, ben)
				lines := ann.log.lines()
				if len(lines) > 1 || test.ends && len(lines) == 0 {
					t.Errorf("the log has %q", lines)
				}
				if got := len(ann.texts(e.me)); got > 2 {
					t.Errorf("ann has %d messages", got)
				}
			})
		})
	}
}

// A contact opens streams as fast as it can, and says nothing on them.
func TestManyBulkStreams(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		e := w.newEve(ann)
		e.openBulk()
		ann.log.lines()
		before := heap()
		for range 1000 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			if st, err := e.me.host.NewStream(ctx, ann.host.ID(), wire.BulkProtocol); err == nil {
				st.Write([]byte{1}) // so that it is really opened
			}
			cancel()
		}
		settle()
		if n := bulkStreams(ann); n > 4 {
			t.Errorf("ann keeps %d streams", n)
		}
		if grown := heap() - before; grown > 16<<20 { // eve's end is in it
			t.Errorf("the heap has grown by %d KiB", grown>>10)
		}
		talk(ann, ben)
		time.Sleep(time.Minute)
		if n := bulkStreams(ann); n != 1 {
			t.Errorf("ann keeps %d streams", n)
		}
		if lines := ann.log.lines(); len(lines) > 0 || e.ended() {
			t.Errorf("the log has %q", lines)
		}
		for _, c := range e.me.host.Network().Conns() {
			c.Close()
		}
	})
}

// A contact that pushes without end, and minds no window, is read no faster
// than what it sends gets on disk.
func TestBulkFlood(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.newPerson(), w.newHonest()
		disk := &slowDisk{Store: ann.store}
		ann.chat = w.open(disk)
		ann.serve()
		befriend(ann, ben)
		e := w.newEve(ann)
		st := e.openBulk()
		big := wire.AppendFrame(nil, push(e.log(), 1, []wire.Event{{Kind: 200, Stamp: 1, Body: make([]byte, wire.MaxBody)}}))
		before := heap()
		disk.takes.Store(int64(time.Second))
		st.SetWriteDeadline(time.Now().Add(20 * time.Second))
		sent, most := 0, 0
		for {
			n, err := st.Write(big)
			if sent += n; err != nil {
				break
			}
			if sent%16 == 0 {
				most = max(most, heap()-before)
			}
		}
		if most = max(most, heap()-before); most > 8<<20 || sent > 32<<20 {
			t.Errorf("ann has read %d KiB, the heap grew by %d KiB", sent>>10, most>>10)
		}
		disk.takes.Store(0)
		talk(ann, ben)
		if e.ended() {
			t.Error("the session has ended")
		}
		if lines := strings.Join(ann.log.lines(), "\n"); strings.Contains(lines, "link ended") {
			t.Error(lines)
		}
	})
}
