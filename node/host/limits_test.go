package host_test

import (
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/host"
)

// open opens n inbound connections from address and returns how many it got.
func open(t *testing.T, m network.ResourceManager, n int, address string) (got int) {
	t.Helper()
	for i := range n {
		from := multiaddr.StringCast(fmt.Sprintf("%s/tcp/%d", address, i+1024))
		scope, err := m.OpenConnection(network.DirInbound, true, from)
		if err != nil {
			continue
		}
		t.Cleanup(scope.Done)
		if err := scope.SetPeer(newPeer(t)); err == nil {
			got++
		}
	}
	return got
}

func TestAddressBuckets(t *testing.T) {
	const many = host.MaxInbound + 50
	for _, tc := range []struct {
		name        string
		first, next string
		wantFirst   int
		wantNext    int
	}{
		{"one IPv4 address", "/ip4/203.0.113.7", "/ip4/203.0.113.7", host.ConnsPerBucket, 0},
		{"its neighbour", "/ip4/203.0.113.7", "/ip4/203.0.113.8", host.ConnsPerBucket, host.ConnsPerBucket},
		{"one IPv6 site", "/ip6/2001:db8:1:1::1", "/ip6/2001:db8:1:2::1", host.ConnsPerBucket, 0},
		{"another site", "/ip6/2001:db8:1::1", "/ip6/2001:db8:2::1", host.ConnsPerBucket, host.ConnsPerBucket},
		{"loopback", "/ip4/127.0.0.1", "/ip4/127.0.0.1", host.MaxInbound, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := host.NewResourceManager(false)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			if got := open(t, m, many, tc.first); got != tc.wantFirst {
				t.Errorf("%d from %s, want %d", got, tc.first, tc.wantFirst)
			}
			if got := open(t, m, many, tc.next); got != tc.wantNext {
				t.Errorf("then %d from %s, want %d", got, tc.next, tc.wantNext)
			}
		})
	}
}

// Three hundred contacts with a stream each must fit into what is promised.
func TestContactsFit(t *testing.T) {
	const yamuxWindow = 256 << 10
	m, err := host.NewResourceManager(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	for i := range host.MaxInbound {
		id := newPeer(t)
		conn, err := m.OpenConnection(network.DirInbound, true, multiaddr.StringCast(fmt.Sprintf("/ip4/10.0.%d.%d/tcp/1", i/200, i%200)))
		if err != nil {
			t.Fatal(i, err)
		}
		t.Cleanup(conn.Done)
		if err := conn.SetPeer(id); err != nil {
			t.Fatal(i, err)
		}
		stream, err := m.OpenStream(id, network.DirInbound)
		if err != nil {
			t.Fatal(i, err)
		}
		t.Cleanup(stream.Done)
		if err := stream.SetProtocol("/truce/link/1.0.0"); err != nil {
			t.Fatal(i, err)
		}
		if err := conn.PeerScope().ReserveMemory(yamuxWindow, network.ReservationPriorityAlways); err != nil {
			t.Fatal(i, err)
		}
	}
}
