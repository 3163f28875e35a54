package node_test

import (
	"path/filepath"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

func ask(t testing.TB, n *node.Node, l linkOf) {
	t.Helper()
	if _, _, err := n.Chat().Ask(l, chat.AskOptions{Note: "it is me"}); err != nil {
		t.Fatal(err)
	}
}

func asked(n *node.Node) bool {
	r, err := n.Chat().Requests()
	return err == nil && len(r) == 1
}

func accept(t testing.TB, n, asker *node.Node) {
	t.Helper()
	if _, _, err := n.Chat().Accept(asker.Chat().Account(), ""); err != nil {
		t.Fatal(err)
	}
}

func becomeContacts(t testing.TB, a, b *node.Node) {
	t.Helper()
	for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
		eventually(t, x[0], "they are contacts", func() bool {
			return relation(x[0], x[1].Chat().Account()) == chat.Accepted
		})
	}
}

// A request made while the other is away arrives when both are there, though
// only the asker knows where the other is.
func TestRequestWhileTheOtherIsAway(t *testing.T) {
	ann, ben := newPerson(t, "Ann"), newPerson(t, "Ben")
	b := ben.start(t)
	l := link(t, b)
	b.Close()

	a := ann.start(t)
	ask(t, a, l)
	early := send(t, a, b, "written before the answer")
	b = ben.start(t)
	eventually(t, b, "the request arrives", func() bool { return asked(b) })
	if got := texts(t, b, a); len(got) != 0 {
		t.Errorf("before the answer Ben sees %q", got)
	}
	accept(t, b, a)
	becomeContacts(t, a, b)
	eventually(t, a, "delivered", func() bool { return state(t, a, early.ID) == chat.Delivered })
	if got := texts(t, b, a); len(got) != 1 {
		t.Errorf("after the answer Ben sees %q", got)
	}
}

func TestAcceptWhileTheAskerIsAway(t *testing.T) {
	ann, ben := newPerson(t, "Ann"), newPerson(t, "Ben")
	a, b := ann.start(t), ben.start(t)
	ask(t, a, link(t, b))
	eventually(t, b, "the request arrives", func() bool { return asked(b) })
	a.Close()
	accept(t, b, a)
	m := send(t, b, a, "welcome")
	b.Close()

	a, b = ann.start(t), ben.start(t)
	becomeContacts(t, a, b)
	eventually(t, b, "delivered", func() bool { return state(t, b, m.ID) == chat.Delivered })
}

func TestDecline(t *testing.T) {
	ann, ben := newPerson(t, "Ann"), newPerson(t, "Ben")
	a, b := ann.start(t), ben.start(t)
	ask(t, a, link(t, b))
	m := send(t, a, b, "please")
	eventually(t, b, "the request arrives", func() bool { return asked(b) })
	a.Close()
	if _, err := b.Chat().Decline(a.Chat().Account()); err != nil {
		t.Fatal(err)
	}
	a = ann.start(t)
	eventually(t, a, "the answer arrives", func() bool { return relation(a, b.Chat().Account()) == chat.Declined })
	if got := texts(t, b, a); len(got) != 0 || state(t, a, m.ID) == chat.Delivered {
		t.Errorf("Ben, who declined, sees %q", got)
	}
}

// Each asks the other by link before either request arrives.
func TestRequestsThatCross(t *testing.T) {
	for range 10 {
		ann, ben := newPerson(t, "Ann"), newPerson(t, "Ben")
		a, b := ann.start(t), ben.start(t)
		la, lb := link(t, a), link(t, b)
		done := make(chan struct{})
		go func() {
			defer close(done)
			ask(t, a, lb)
		}()
		ask(t, b, la)
		<-done
		becomeContacts(t, a, b)
		m := send(t, a, b, "both of us")
		eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
		for _, n := range []*node.Node{a, b} {
			if list, err := n.Chat().Contacts(); err != nil || len(list) != 1 {
				t.Errorf("there are the contacts %v, %v", list, err)
			}
			n.Close()
		}
	}
}

// The link was made at an address where nobody is any more; the user names
// where the node is now.
func TestStaleLink(t *testing.T) {
	ann, ben := newPerson(t, "Ann"), newPerson(t, "Ben")
	b := ben.start(t)
	l := link(t, b)
	b.Close()
	ben.move(t)
	b = ben.start(t)
	a := ann.start(t, func(c *node.Config) { c.Peers = b.Addrs() })
	ask(t, a, l)
	eventually(t, b, "the request arrives", func() bool { return asked(b) })
	accept(t, b, a)
	becomeContacts(t, a, b)
}

func TestTwoContactsOfOneName(t *testing.T) {
	ann := newPerson(t, "Ann").start(t)
	for i, want := range []string{"Ben", "Ben-2"} {
		ben := start(t, filepath.Join(t.TempDir(), "ben"), "Ben")
		befriend(t, ann, ben)
		c, err := ann.Chat().Contact(ben.Chat().Account())
		if err != nil || c.Name != want {
			t.Errorf("number %d is called %q, %v; want %q", i, c.Name, err, want)
		}
	}
}
