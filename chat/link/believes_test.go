package link_test

import (
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// A vector replaces what was believed of the peer's disk, which may be older
// than that: what was acknowledged before is pushed again (rule 15).
func TestVectorReplacesBelief(t *testing.T) {
	virtually(t, func(w *world) {
		ann, _ := w.friends()
		e := w.newEve(ann)
		ann.send(e.me, "one")
		first := next[wire.Push](e.raw)
		head := first.Events[0].Chain(first.Log, 1)
		e.write(ack(wire.Entry{Log: first.Log, Head: 1, Chain: head.Short()}))
		ann.send(e.me, "two")
		if p := next[wire.Push](e.raw); p.Seq != 2 {
			t.Fatalf("after an acknowledgement it goes on at %d", p.Seq)
		}
		e.write(vector())
		if p := next[wire.Push](e.raw); p.Seq != 1 {
			t.Errorf("after a vector that names nothing it goes on at %d", p.Seq)
		}
		if got := ann.texts(e.me); len(got) != 2 {
			t.Errorf("ann has %q", got)
		}
	})
}

// Somebody removed does not keep the place that is held for contacts, so that
// a later hello of theirs counts as a stranger's.
func TestRemovedIsAVisitor(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		if !ann.links.Knows(ben.host.ID()) {
			t.Fatal("a contact has no place")
		}
		if _, _, err := ann.chat.Remove(ben.account()); err != nil {
			t.Fatal(err)
		}
		settle()
		if ann.links.Knows(ben.host.ID()) {
			t.Error("somebody removed keeps the place")
		}
	})
}
