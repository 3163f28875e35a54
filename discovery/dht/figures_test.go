package dht_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/nodetest"
)

var size = flag.Int("network", 0, "how many nodes TestNetworks has in a network, besides 2 and 10")

// In networks small and large everybody finds everybody who is sought. Run with -v it
// tells what that takes of each node. Time is virtual, and packets take none.
func TestNetworks(t *testing.T) {
	for _, n := range []int{2, 10, *size} {
		if n > 0 {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { everybody(t, n) })
			})
		}
	}
}

// numbered is the secret under which a node is found.
func numbered(i int) (k discovery.Key) {
	binary.BigEndian.PutUint32(k[:], uint32(i))
	return k
}

func everybody(t *testing.T, n int) {
	var net nodetest.Network
	var members []*member
	for i := range n {
		var by []peer.AddrInfo
		if i > 0 {
			by = append(by, members[0].info())
		}
		m := join(t, &net, fmt.Sprintf("1.%d.%d.1", i/250, i%250), nil, by...)
		defer m.end()
		members = append(members, m)
		m.SetTargets(nil, []discovery.Key{numbered(i)})
		time.Sleep(time.Second)
	}
	time.Sleep(10 * time.Minute) // tables fill
	took := func(what string) func() {
		packets, bytes := net.Traffic()
		return func() {
			p, b := net.Traffic()
			t.Logf("%d nodes, %s: %d packets and %d bytes a node", n, what, (p-packets)/int64(n), (b-bytes)/int64(n))
		}
	}
	told := took("an idle hour")
	time.Sleep(time.Hour)
	told()

	told = took("everybody publishes once")
	for i, m := range members {
		m.SetTargets(nil, []discovery.Key{numbered(n + i)})
	}
	time.Sleep(time.Minute)
	told()

	told = took("everybody looks for one")
	for i, m := range members {
		m.SetTargets([]discovery.Target{{ID: discovery.ID{1}, Hear: []discovery.Key{numbered(n + (i+1)%n)}}}, []discovery.Key{numbered(n + i)})
		m.Seek(discovery.ID{1})
	}
	time.Sleep(time.Minute)
	told()
	for i, m := range members {
		if len(m.offered) != 1 || (<-m.offered).Peer.ID != members[(i+1)%n].ID() {
			t.Errorf("node %d did not find its next: %+v", i, m.Status())
		}
	}
}
