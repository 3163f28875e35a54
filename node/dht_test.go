package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// enter has a node use a DHT, by another node.
func enter(d node.DHT, by ...*node.Node) func(*node.Config) {
	for _, n := range by {
		d.Bootstrap = append(d.Bootstrap, n.Addrs()[0])
	}
	return func(c *node.Config) { c.NoMDNS, c.DHT, c.Public = true, &d, len(by) == 0 }
}

// Two people who have only a link, without addresses in it, become contacts and talk:
// in a network of their own, and by servers of the public protocol, as guests.
func TestLinkAlone(t *testing.T) {
	for name, test := range map[string]struct{ boot, others node.DHT }{
		"a network of one's own": {node.DHT{Network: "club"}, node.DHT{Network: "club"}},
		"guests":                 {node.DHT{NoEntry: true}, node.DHT{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net nodetest.Network
				boot := newVirtual(t, &net, "Boot", "1.0.0.1").start(t, enter(test.boot))
				ann := newVirtual(t, &net, "Ann", "1.0.1.1").start(t, enter(test.others, boot))
				ben := newVirtual(t, &net, "Ben", "1.0.2.1").start(t, enter(test.others, boot))
				time.Sleep(time.Minute)
				l := link(t, ann)
				l.Addrs = nil
				ask(t, ben, l)
				within(t, ann, 5*time.Minute, "the request arrives", func() bool { return asked(ann) })
				accept(t, ann, ben)
				becomeContacts(t, ann, ben)
				m := send(t, ben, ann, "found you")
				within(t, ben, 5*time.Minute, "delivered", func() bool { return state(t, ben, m.ID) == chat.Delivered })
			})
		})
	}
}
