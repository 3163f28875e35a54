package node_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// Who hides from everybody is found by a link alone, talks by relays, and no packet goes
// between the two machines; nor does the other node learn any address of hers.
func TestHidden(t *testing.T) {
	for name, test := range map[string]struct{ ann, ben bool }{"one": {true, false}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net nodetest.Network
				d := node.DHT{NoEntry: true}
				relay := newVirtual(t, &net, "Relay", "1.0.0.1").start(t, func(c *node.Config) { c.NoMDNS, c.DHT, c.Public = true, &d, true })
				by := node.DHT{Bootstrap: relay.Addrs()[:1]}
				use := func(c *node.Config) { c.NoMDNS, c.DHT = true, &by }
				ann, ben := newVirtual(t, &net, "Ann", "1.0.1.1"), newVirtual(t, &net, "Ben", "1.0.2.1")
				a, b := ann.start(t, use), ben.start(t, use)
				for n, on := range map[*node.Node]bool{a: test.ann, b: test.ben} {
					if on {
						hide(t, n)
					}
				}
				time.Sleep(time.Minute)
				l := link(t, a)
				l.Addrs = nil
				ask(t, b, l)
				within(t, a, 10*time.Minute, "the request arrives", func() bool { return asked(a) })
				accept(t, a, b)
				becomeContacts(t, a, b)
				for _, m := range []struct{ from, to *node.Node }{{a, b}, {b, a}} {
					x := send(t, m.from, m.to, "hello")
					within(t, m.from, 10*time.Minute, "delivered", func() bool { return state(t, m.from, x.ID) == chat.Delivered })
				}
				time.Sleep(time.Hour)
				if v := via(b, a); v != "relay" {
					t.Errorf("linked by %q", v)
				}
				if net.Spoke(ann.ip, ben.ip) || net.Spoke(ben.ip, ann.ip) {
					t.Error("a packet went from one to the other")
				}
				seenNowhere(t, b, a, ann.ip)
			})
		})
	}
}

func hide(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Chat().SetSetting(chat.Hide, "true"); err != nil {
		t.Fatal(err)
	}
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// seenNowhere checks that n has learned no address of other at ip.
func seenNowhere(t *testing.T, n, other *node.Node, ip string) {
	t.Helper()
	peers, err := n.Chat().Peers(other.Chat().Account())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		if slices.ContainsFunc(p.Addrs, func(a string) bool { return strings.Contains(a, "/"+ip+"/") }) {
			t.Errorf("known at %q", p.Addrs)
		}
	}
	for _, a := range other.Addrs() {
		if strings.Contains(a, "/"+ip+"/") {
			t.Errorf("it says that it is at %s", a)
		}
	}
}

// From one contact alone: whoever else can be reached is linked directly.
func TestHiddenFromOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		d := node.DHT{NoEntry: true}
		relay := newVirtual(t, &net, "Relay", "1.0.0.1").start(t, func(c *node.Config) { c.NoMDNS, c.DHT, c.Public = true, &d, true })
		by := node.DHT{Bootstrap: relay.Addrs()[:1]}
		use := func(c *node.Config) { c.NoMDNS, c.DHT = true, &by }
		ann, ben, eve := newVirtual(t, &net, "Ann", "1.0.1.1"), newVirtual(t, &net, "Ben", "1.0.2.1"), newVirtual(t, &net, "Eve", "1.0.3.1")
		a, e := ann.start(t, use), eve.start(t, use)
		b := ben.start(t, use, func(c *node.Config) { c.Public, c.NoRelay = true, true })
		time.Sleep(time.Minute)
		befriend(t, b, a)
		befriend(t, e, a)
		if _, err := a.Chat().SetHidden(e.Chat().Account(), true); err != nil {
			t.Fatal(err)
		}
		if err := a.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			n   *node.Node
			via string
		}{{b, "direct"}, {e, "relay"}} {
			m := send(t, x.n, a, "hello")
			within(t, x.n, 10*time.Minute, "delivered", func() bool { return state(t, x.n, m.ID) == chat.Delivered })
			time.Sleep(10 * time.Minute)
			if v := via(x.n, a); v != x.via {
				t.Errorf("%s is linked by %q", x.n.Chat().Name(), v)
			}
		}
	})
}
