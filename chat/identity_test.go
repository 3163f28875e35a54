package chat_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func TestCreateRefusesBadNames(t *testing.T) {
	n := newNode(t, "Ann")
	for _, name := range []string{"a\nb", " a", "#a"} {
		wantCode(t, chat.Create(n.disk, n.key, name, n.clock.now()), chat.CodeUsage)
		wantCode(t, n.SetName(name), chat.CodeUsage)
	}
	if n.Name() != "Ann" {
		t.Errorf("it is called %q", n.Name())
	}
}

func TestLink(t *testing.T) {
	n := newNode(t, "Ann")
	if err := n.SetName("Anna"); err != nil {
		t.Fatal(err)
	}
	l, err := n.Link(make([]string, wire.MaxLinkAddrs+1))
	if err != nil || l.Name != "Anna" || l.Account != n.Account() || len(l.Addrs) != wire.MaxLinkAddrs {
		t.Errorf("%+v, %v", l, err)
	}
	if err := n.ResetLink(""); err != nil {
		t.Fatal(err)
	}
	if n.link(t).Secret == l.Secret {
		t.Error("the reset changed nothing")
	}
}

func TestCredentialSpeaksForTheDevice(t *testing.T) {
	n := newNode(t, "Ann")
	c, err := n.Credential([]byte("peer"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.Verify([]byte("peer"))
	if err != nil || list.Account != n.Account() || c.Device != n.Device() {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := c.Verify([]byte("other peer")); err == nil {
		t.Error("it speaks for another peer, too")
	}
}

// The number of a start rises whatever the clock does.
func TestBootRises(t *testing.T) {
	n := newNode(t, "Ann")
	var last uint64
	for i, step := range []time.Duration{time.Hour, -2 * time.Hour, 0, time.Hour} {
		n.clock.advance(step)
		if err := n.Started(4000 + i); err != nil {
			t.Fatal(err)
		}
		c, err := n.Credential(nil)
		if err != nil || c.Boot <= last {
			t.Errorf("start %d is %d after %d, %v", i, c.Boot, last, err)
		}
		last = c.Boot
	}
	if err := n.Started(0); err != nil { // it hides
		t.Fatal(err)
	}
	if port, err := n.Port(); port != 4003 || err != nil {
		t.Errorf("the port is %d, %v", port, err)
	}
}

func TestSeeks(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	seeks := func(n *node) int {
		list, err := n.Seeks()
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	ann.ask(t, ben)
	if list, err := ann.Seeks(); len(list) != 1 || list[0].Reach == nil || list[0].Account != ben.Account() || err != nil {
		t.Errorf("whom I asked: %+v, %v", list, err)
	}
	open(t, ann, ben).exchange(t)
	if n := seeks(ben); n != 0 {
		t.Errorf("who asks me is sought: %d", n)
	}
	if _, err := ben.Decline(ann.Account()); err != nil {
		t.Fatal(err)
	}
	if n := seeks(ben); n != 1 {
		t.Errorf("who has not heard my answer is not sought: %d", n)
	}
	open(t, ann, ben).exchange(t)
	if n := seeks(ben); n != 0 {
		t.Errorf("who has heard it is sought: %d", n)
	}
}

// Many at a time: nothing is lost, nothing is doubled.
func TestConcurrentUse(t *testing.T) {
	ann, ben, p := pair(t)
	var users sync.WaitGroup
	for i := range 8 {
		users.Go(func() {
			for j := range 10 {
				m, err := ann.Send(ben.Account(), fmt.Sprint(i, j), chat.SendOptions{Key: fmt.Sprint(i, j/2)})
				if err == nil {
					_, err = ann.React(m.ID, "👍", j%2 == 1, "")
				}
				if err != nil {
					t.Error(err)
				}
				if _, err := ann.History(ben.Account(), chat.HistoryOptions{}); err != nil {
					t.Error(err)
				}
				if _, err := ann.Proofs(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	users.Wait()
	p.exchange(t)
	if a, b := ann.history(t, ben), ben.history(t, ann); len(a) != 40 || !sameMessages(a, b) {
		t.Errorf("%d and %d messages", len(a), len(b))
	}
}
