package link_test

import (
	"testing"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// twoSessions makes a contact of ann with two sessions of one start of its
// device, of which the older ranks first and answers no pings.
func (w *world) twoSessions() (ann *person, older, newer *raw) {
	w.Helper()
	ann = w.newHonest()
	p := w.newPerson()
	for p.host.ID() > ann.host.ID() {
		p = w.newPerson()
	}
	befriend(p, ann)
	older = p.session(ann)
	settle()
	older.skip()
	older.mute.Store(true)
	q := &person{w: w, chat: p.chat}
	for q.host == nil || q.host.ID() < ann.host.ID() {
		q.host, q.ip = w.newHost()
	}
	return ann, older, q.session(ann)
}

// skip drops the frames that have come.
func (r *raw) skip() {
	for len(r.got) > 0 {
		<-r.got
	}
}

// Of two sessions with a device the better one has to answer a ping sent since
// the other began, before that one is ended: frames that were on their way, and
// answers to earlier pings, show nothing.
func TestContest(t *testing.T) {
	virtually(t, func(w *world) {
		ann, older, newer := w.twoSessions()
		n := next[wire.Ping](older).N
		for _, f := range []wire.Ping{
			{Type: wire.FramePing, N: 1}, {Type: wire.FramePong, N: n - 1}, {Type: wire.FramePong, N: n + 1},
		} {
			older.write(f)
		}
		if newer.ended() {
			t.Fatal("the other session has ended")
		}
		newer.skip()
		older.write(wire.Ping{Type: wire.FramePong, N: n})
		if b := next[wire.Bye](newer); b.Code != wire.ByeDuplicate {
			t.Errorf("the other session ends with %d", b.Code)
		}
		ann.send(older.me, "on the older")
		next[wire.Push](older)
	})
}

// One that does not answer is given up, and the other carries on.
func TestContestLost(t *testing.T) {
	virtually(t, func(w *world) {
		ann, older, newer := w.twoSessions()
		ann.send(older.me, "to whom?")
		time.Sleep(6 * time.Second)
		if !older.ended() {
			t.Error("it is still taken for good")
		}
		next[wire.Push](newer)
	})
}

// A frame on its bulk stream gives it time, once.
func TestContestOverBulk(t *testing.T) {
	virtually(t, func(w *world) {
		ann, older, newer := w.twoSessions()
		e := &eve{raw: older, ann: ann, conv: wire.DirectConv(older.me.account(), ann.account())}
		e.openBulk().Write(wire.AppendFrame(nil, push(e.log(), 1, events(e.log(), 1))))
		next[wire.Ack](older)
		time.Sleep(15 * time.Second)
		if !older.ended() {
			t.Error("it is still taken for good")
		}
		ann.send(older.me, "to whom?")
		next[wire.Push](newer)
	})
}
