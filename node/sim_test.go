package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// virtual is a person whose node runs in virtual time on a network in memory.
type virtual struct {
	net  *nodetest.Network
	name string
	home string
	ip   string
}

func newVirtual(t *testing.T, net *nodetest.Network, name, ip string) *virtual {
	return &virtual{net, name, filepath.Join(t.TempDir(), name), ip}
}

func (v *virtual) start(t *testing.T, change ...func(*node.Config)) *node.Node {
	t.Helper()
	return start(t, v.home, v.name, append(change, func(c *node.Config) {
		c.Listen = []string{fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", v.ip)}
		c.Options = v.net.Options()
		c.Network = nodetest.Machine(v.ip)
	})...)
}

// virtually runs two contacts in virtual time.
func virtually(t *testing.T, f func(t *testing.T, net *nodetest.Network, ann, ben *virtual, a, b *node.Node)) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann, ben := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2")
		a, b := ann.start(t), ben.start(t)
		befriend(t, a, b)
		f(t, &net, ann, ben, a, b)
	})
}

// A peer that says nothing any more is noticed within 15 s of a message that
// waits for it, and gets it when it is back.
func TestDeadPeer(t *testing.T) {
	virtually(t, func(t *testing.T, net *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		time.Sleep(time.Hour)
		net.Cut(ben.ip, true)
		began := time.Now()
		m := send(t, a, b, "are you there?")
		eventually(t, a, "the dead peer is noticed", func() bool { return !online(t, a, b) })
		if d := time.Since(began); d > 15*time.Second {
			t.Errorf("it was noticed after %v", d)
		}
		time.Sleep(time.Minute)
		net.Cut(ben.ip, false)
		within(t, a, 2*time.Minute, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
		if got := texts(t, b, a); len(got) != 1 {
			t.Errorf("Ben has %q", got)
		}
	})
}

func online(t *testing.T, n, other *node.Node) bool {
	t.Helper()
	c, err := n.Chat().Contact(other.Chat().Account())
	if err != nil {
		t.Fatal(err)
	}
	return c.Online
}

// Somebody who is away for long is not looked for often, yet is found.
func TestAwayForDays(t *testing.T) {
	virtually(t, func(t *testing.T, _ *nodetest.Network, ann, ben *virtual, a, b *node.Node) {
		b.Close()
		m := send(t, a, b, "for when you are back")
		time.Sleep(5 * 24 * time.Hour)
		ben.start(t)
		eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	})
}

// A request reaches somebody who comes back where the link says: only the
// asker can know where the other is.
func TestRequestFindsWhoComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann, ben := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2")
		b := ben.start(t)
		l := link(t, b)
		b.Close()
		a := ann.start(t)
		ask(t, a, l)
		time.Sleep(time.Minute)
		b = ben.start(t)
		within(t, b, 2*time.Minute, "the request arrives", func() bool { return asked(b) })
	})
}

// A node that died and was started anew takes the place of its former self at
// once, though that one's session has not ended yet.
func TestNewStartReplacesTheOld(t *testing.T) {
	virtually(t, func(t *testing.T, net *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		time.Sleep(time.Second) // until Ben has on disk where Ann is
		again := newVirtual(t, net, "Ben", "1.0.0.3")
		if err := os.CopyFS(again.home, os.DirFS(ben.home)); err != nil {
			t.Fatal(err)
		}
		net.Cut(ben.ip, true) // dead, and nobody was told
		lost := send(t, a, b, "into the void")
		began := time.Now()
		again.start(t)
		within(t, a, time.Minute, "delivered", func() bool { return state(t, a, lost.ID) == chat.Delivered })
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

// Both dial each other at the same moment, again and again: one session stays,
// the same for both, and nothing is lost.
func TestSimultaneousDials(t *testing.T) {
	virtually(t, func(t *testing.T, net *nodetest.Network, ann, ben *virtual, a, b *node.Node) {
		total := 0
		for range 20 {
			net.Cut(ben.ip, true)
			send(t, a, b, fmt.Sprintf("number %d", total))
			send(t, b, a, fmt.Sprintf("number %d", total))
			total++
			for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
				within(t, x[0], time.Minute, "the link is down", func() bool { return !online(t, x[0], x[1]) })
			}
			net.Cut(ben.ip, false)
			for _, n := range []*node.Node{a, b} {
				within(t, n, time.Hour, "all is delivered", func() bool {
					out, err := n.Chat().Outbox()
					return err == nil && len(out) == 0
				})
			}
			time.Sleep(time.Minute)
			if a, b := links(a), links(b); a != 1 || b != 1 {
				t.Errorf("Ann has %d links with Ben, he has %d with her", a, b)
			}
		}
		if got := len(texts(t, a, b)); got != 2*total {
			t.Errorf("there are %d messages of %d", got, 2*total)
		}
	})
}

// links counts the connections of n on which a relation is proved.
func links(n *node.Node) (count int) {
	for _, p := range n.Peers() {
		if p.Account != (wire.Account{}) {
			count++
		}
	}
	return count
}

// An answer that comes long after the question, when the asker's session has
// ended, finds the asker by itself: nobody waits for the other to look again.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann, ben := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2")
		a, b := ann.start(t), ben.start(t)
		ask(t, a, link(t, b))
		eventually(t, b, "the request arrives", func() bool { return asked(b) })
		time.Sleep(5 * time.Minute)
		accept(t, b, a)
		within(t, a, 10*time.Second, "the answer arrives", func() bool {
			return relation(a, b.Chat().Account()) == chat.Accepted
		})
	})
}
