package chat_test

import (
	"testing"

	"github.com/truce-im/truce/chat"
)

// Messages are counted once, whatever is said twice; what is delivered leaves the queue.
func TestFigures(t *testing.T) {
	ann, ben, p := pair(t)
	figures := func(n *node) chat.Figures {
		t.Helper()
		f, err := n.Figures()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	began := figures(ann)
	if began.Contacts != 1 || began.Requests != 0 || began.Sent != 0 {
		t.Errorf("at first: %+v", began)
	}
	m := ann.send(t, ben, "one")
	for range 2 {
		if _, err := ann.Send(ben.Account(), "two", chat.SendOptions{Key: "again"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ann.Edit(m.ID, "three", ""); err != nil {
		t.Fatal(err)
	}
	if f := figures(ann); f.Sent != 2 || f.Queued != began.Queued+3 || f.Delivered != began.Delivered {
		t.Errorf("before they are linked: %+v, and at first %+v", f, began)
	}
	p.exchange(t)
	p.exchange(t)
	if f := figures(ann); f.Sent != 2 || f.Queued != 0 || f.Delivered != began.Delivered+began.Queued+3 || f.Received != 0 {
		t.Errorf("after: %+v, and at first %+v", f, began)
	}
	if f := figures(ben); f.Received != 2 || f.Sent != 0 || f.Contacts != 1 {
		t.Errorf("Ben has %+v", f)
	}

	newNode(t, "Cid").ask(t, ann) // who never comes
	dan := newNode(t, "Dan")
	dan.ask(t, ann)
	open(t, dan, ann).exchange(t)
	if f := figures(ann); f.Contacts != 1 || f.Requests != 1 {
		t.Errorf("asked by Dan: %+v", f)
	}
}
