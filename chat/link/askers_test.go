package link_test

import (
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
)

// However many sit there after asking, others can still ask, and be asked, and
// who sits leaves. Whoever is accepted afterwards hears of it when we go there.
func TestIdleAskers(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.newHonest()
		sit := func() *raw {
			p := w.newPerson()
			p.ask(ann)
			r := p.open(ann)
			if err := r.greet(hello{}); err != nil {
				t.Fatal(err)
			}
			r.listen()
			settle()
			return r
		}
		first := sit()
		for range 31 {
			sit()
		}
		last := w.newHonest()
		last.ask(ann)
		if err := last.dial(ann); err != nil {
			t.Error(err)
		}
		settle()
		if r, err := ann.chat.Requests(); err != nil || len(r) != 1 || !first.ended() {
			t.Errorf("%d requests, %v", len(r), err)
		}
		ben := w.newHonest()
		ann.ask(ben)
		if err := ann.dial(ben); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
		if n := len(ann.links.Sessions()); n > 0 {
			t.Errorf("%d sessions are open", n)
		}
		if _, _, err := ann.chat.Accept(last.account(), ""); err != nil {
			t.Fatal(err)
		}
		if err := ann.dial(last); err != nil {
			t.Fatal(err)
		}
		settle()
		if c, err := last.chat.Contact(ann.account()); err != nil || c.Relation != chat.Accepted {
			t.Errorf("it is %v, %v", c.Relation, err)
		}
		talk(ann, last)
	})
}
