package dht_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
	"github.com/truce-im/truce/node/nodetest"
)

// Who was alone in a network for half a day is found by the second to come, and finds
// them, without waiting for a pause that has grown in the meantime to end.
func TestSecondOfANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann := join(t, &net, "1.0.0.1", nil)
		defer ann.end()
		ann.SetTargets([]discovery.Target{{ID: discovery.ID{8}, Hear: []discovery.Key{key(2)}}}, []discovery.Key{key(1)})
		for range 12 * 6 {
			ann.Seek(discovery.ID{8})
			time.Sleep(10 * time.Minute)
		}
		if s := ann.Status(); s.Err == nil || s.Peers != 0 {
			t.Errorf("alone: %+v", s)
		}
		ben := join(t, &net, "1.0.0.2", nil, ann.info())
		defer ben.end()
		ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, []discovery.Key{key(2)})
		ben.Seek(discovery.ID{7})
		select {
		case c := <-ben.offered:
			if c.Peer.ID != ann.ID() {
				t.Errorf("found %+v", c)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("the second does not find the first: %+v, %+v", ben.Status(), ann.Status())
		}
		for range 12 { // as nodes do
			ann.Seek(discovery.ID{8})
			time.Sleep(10 * time.Second)
		}
		if len(ann.offered) == 0 || (<-ann.offered).Peer.ID != ben.ID() {
			t.Errorf("the first does not find the second: %+v", ann.Status())
		}
		if s := ann.Status(); s.Err != nil || s.Published.IsZero() {
			t.Errorf("no longer alone: %+v", s)
		}
	})
}

// In a network of one's own, who cannot be reached finds others and is found, and serves
// nobody; when that changes it serves.
func TestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", nil)
		defer boot.end()
		boot.SetTargets(nil, []discovery.Key{key(99)})
		var behind atomic.Bool
		behind.Store(true)
		ann := join(t, &net, "1.0.0.2", func(c *dht.Config) { c.Client = behind.Load }, boot.info())
		defer ann.end()
		ben := join(t, &net, "1.0.0.3", func(c *dht.Config) { c.Client = func() bool { return true } }, boot.info())
		defer ben.end()
		ann.SetTargets(nil, []discovery.Key{key(1)})
		time.Sleep(time.Minute)
		ben.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, nil)
		ben.Seek(discovery.ID{7})
		time.Sleep(time.Minute)
		if len(ben.offered) != 1 || (<-ben.offered).Peer.ID != ann.ID() {
			t.Fatalf("Ann was not found: %+v, %+v", ann.Status(), ben.Status())
		}
		serves := func(m *member) bool { return slices.Contains(m.Mux().Protocols(), "/truce/test/kad/1.0.0") }
		if serves(ann) || serves(ben) || !serves(boot) {
			t.Errorf("they serve: %v, %v; and %v", serves(ann), serves(ben), serves(boot))
		}
		behind.Store(false)
		ann.NetworkChanged(up("1.0.0.2"))
		time.Sleep(time.Minute)
		if !serves(ann) {
			t.Error("reachable, she does not serve")
		}
	})
}

// A guest who has nothing to do goes home, and says nothing for hours; another comes
// when there is something, and stays no longer.
func TestGuestsGoHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", func(c *dht.Config) { c.Prefix = "" })
		defer boot.end()
		boot.SetTargets(nil, []discovery.Key{key(99)})
		var guests []peer.ID
		ann := join(t, &net, "1.0.0.2", func(c *dht.Config) {
			c.Prefix = ""
			c.Guest = func() (host.Host, error) {
				h := newHost(t, &net, "1.0.1.2")
				guests = append(guests, h.ID())
				return h, nil
			}
		}, boot.info())
		defer ann.end()
		ann.SetTargets(nil, []discovery.Key{key(1)})
		time.Sleep(10 * time.Minute)
		if s := ann.Status(); s.Published.IsZero() || !s.On {
			t.Fatalf("%+v", s)
		}
		packets, _ := net.Traffic()
		time.Sleep(time.Hour)
		if now, _ := net.Traffic(); now != packets {
			t.Errorf("%d packets in an hour in which there was nothing to do", now-packets)
		}
		if s := ann.Status(); s.Peers != 1 || !s.On || s.Err != nil {
			t.Errorf("between two guests: %+v", s)
		}
		time.Sleep(5 * 24 * time.Hour)
		synctest.Wait() // who makes guests rests
		ids := map[peer.ID]bool{}
		for _, id := range guests {
			ids[id] = true
		}
		if n := len(guests); n < 5*3 || n > 5*5 || len(ids) != n {
			t.Errorf("in five days there were %d guests, with %d identities", n, len(ids))
		}
	})
}

// Where the way into the network is shut, whoever has fifty contacts knocks no more
// often than who has one; when the network changes, at once.
func TestShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		boot := join(t, &net, "1.0.0.1", func(c *dht.Config) { c.Prefix = "" })
		defer boot.end()
		boot.SetTargets(nil, []discovery.Key{key(99)})
		net.Cut("1.0.0.1", true)
		ann := join(t, &net, "1.0.0.2", func(c *dht.Config) {
			c.Prefix = ""
			c.Guest = func() (host.Host, error) { return newHost(t, &net, "1.0.1.2"), nil }
		}, boot.info())
		defer ann.end()
		var targets []discovery.Target
		var tell []discovery.Key
		for i := range byte(50) {
			targets = append(targets, discovery.Target{ID: discovery.ID{i}, Hear: []discovery.Key{key(i)}})
			tell = append(tell, key(100+i))
		}
		ann.SetTargets(targets, tell)
		for range 24 * 6 {
			for _, x := range targets {
				ann.Seek(x.ID)
			}
			time.Sleep(10 * time.Minute)
		}
		packets, _ := net.Traffic()
		t.Logf("%d packets in a day", packets)
		if packets > 40*12 { // a dial is some ten
			t.Errorf("%d packets were sent in a day at a shut door", packets)
		}
		if s := ann.Status(); s.Err == nil || strings.Contains(s.Err.Error(), "\n") {
			t.Errorf("not said in a line: %v", s.Err)
		}
		net.Cut("1.0.0.1", false)
		ann.NetworkChanged(up("1.0.0.2"))
		time.Sleep(time.Minute)
		if s := ann.Status(); s.Err != nil || s.Published.IsZero() {
			t.Errorf("the door is open: %+v", s)
		}
	})
}
