package node_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/nodetest"
)

// apart are two people between whose machines nothing passes, and public nodes that
// both reach. They have become contacts by a link without addresses.
type apart struct {
	net      nodetest.Network
	public   []*node.Node
	ann, ben *virtual
	a, b     *node.Node
}

func newApart(t *testing.T, public int) *apart {
	w := &apart{}
	d := node.DHT{NoEntry: true}
	for i := range public {
		p := newVirtual(t, &w.net, "Public", fmt.Sprint("1.0.0.", 1+i)).start(t, func(c *node.Config) {
			here := d
			here.Bootstrap = slices.Clone(d.Bootstrap)
			c.NoMDNS, c.DHT, c.Public = true, &here, true
		})
		w.public = append(w.public, p)
		d.Bootstrap = append(d.Bootstrap, p.Addrs()[0])
	}
	w.ann, w.ben = newVirtual(t, &w.net, "Ann", "1.0.1.1"), newVirtual(t, &w.net, "Ben", "1.0.2.1")
	w.net.Part(w.ann.ip, w.ben.ip, true)
	behind := func(c *node.Config) { c.NoMDNS, c.DHT = true, &d }
	w.a, w.b = w.ann.start(t, behind), w.ben.start(t, behind)
	time.Sleep(time.Minute)
	l := link(t, w.a)
	l.Addrs = nil
	ask(t, w.b, l)
	within(t, w.a, 5*time.Minute, "the request arrives", func() bool { return asked(w.a) })
	accept(t, w.a, w.b)
	becomeContacts(t, w.a, w.b)
	return w
}

// via is over what n is linked with other: direct, relay or nothing.
func via(n, other *node.Node) string {
	best := ""
	for _, p := range n.Peers() {
		if p.Account == other.Chat().Account() && (best == "" || p.Via == "direct") {
			best = p.Via
		}
	}
	return best
}

// Texts go over a relay where nothing passes directly, for hours, and over its limits.
func TestRelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newApart(t, 2)
		if v := via(w.b, w.a); v != "relay" {
			t.Errorf("linked by %q", v)
		}
		var want []string
		for i := range 6 {
			want = append(want, fmt.Sprint("hour ", i))
			m := send(t, w.b, w.a, want[i])
			within(t, w.b, time.Minute, "delivered", func() bool { return state(t, w.b, m.ID) == chat.Delivered })
			time.Sleep(time.Hour)
		}
		if got := texts(t, w.a, w.b); !slices.Equal(got, want) {
			t.Errorf("Ann has %q", got)
		}
		// a direct way is sought all the while, but not again and again
		packets, bytes := w.net.Traffic()
		time.Sleep(6 * time.Hour)
		p, b := w.net.Traffic()
		p, b = (p-packets)/6, (b-bytes)/6
		t.Logf("%d packets and %d bytes in an hour", p, b)
		if p > 7000 || b > 800_000 {
			t.Errorf("%d packets and %d bytes in an hour", p, b)
		}
	})
}

// A session moves to the direct connection once there is one, and what is written
// meanwhile arrives once, in order.
func TestRelayedThenDirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newApart(t, 1)
		w.net.Part(w.ann.ip, w.ben.ip, false)
		var want []string
		for i := 0; via(w.a, w.b) != "direct" || via(w.b, w.a) != "direct"; i++ {
			if i == 3600 {
				t.Fatalf("after an hour it goes by %q and %q", via(w.a, w.b), via(w.b, w.a))
			}
			want = append(want, fmt.Sprint(i))
			send(t, w.b, w.a, want[i])
			time.Sleep(time.Second)
		}
		last := send(t, w.b, w.a, "last")
		within(t, w.b, time.Minute, "delivered", func() bool { return state(t, w.b, last.ID) == chat.Delivered })
		if got := texts(t, w.a, w.b); !slices.Equal(got, append(want, "last")) {
			t.Errorf("Ann has %q", got)
		}
		if n := len(want); n > 5*60 {
			t.Errorf("it moved after %d s", n)
		}
	})
}

// When a relay dies another one takes its place.
func TestRelayDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newApart(t, 3)
		for i, p := range w.public[:2] {
			w.net.Cut(fmt.Sprint("1.0.0.", 1+i), true)
			m := send(t, w.b, w.a, "still there?")
			began := time.Now()
			within(t, w.b, 5*time.Minute, "delivered", func() bool { return state(t, w.b, m.ID) == chat.Delivered })
			if d := time.Since(began); d > 30*time.Second {
				t.Errorf("after the death of relay %d it takes %v", i, d)
			}
			time.Sleep(5 * time.Minute)
			for _, x := range w.a.Peers() {
				if x.PeerID == p.PeerID() {
					t.Errorf("Ann is still connected with a dead relay")
				}
			}
		}
	})
}

// A stranger who comes by a relay learns nothing of where one is, and gets no packet.
func TestStrangerByRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newApart(t, 1)
		key, _, err := crypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		h, err := host.New(t.Context(), host.Config{Key: key, Listen: []string{"/ip4/1.0.9.9/udp/4001/quic-v1"}, Beyond: new(host.Beyond), Options: w.net.Options()})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		id, err := peer.Decode(w.a.PeerID())
		if err != nil {
			t.Fatal(err)
		}
		over := ma.StringCast(w.public[0].Addrs()[0] + "/p2p-circuit")
		if err := h.Connect(network.WithAllowLimitedConn(t.Context(), "test"), peer.AddrInfo{ID: id, Addrs: []ma.Multiaddr{over}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if w.net.Spoke(w.ann.ip, "1.0.9.9") {
			t.Error("Ann's machine sent something to the stranger's")
		}
	})
}
