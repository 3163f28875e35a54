package dht_test

import (
	"crypto/rand"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-msgio/pbio"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
	"github.com/truce-im/truce/node/nodetest"
)

// pointer answers every question in a DHT with peers that it makes up, all at addrs.
func pointer(t *testing.T, h host.Host, proto protocol.ID, addrs ...string) {
	t.Helper()
	var list []ma.Multiaddr
	for _, a := range addrs {
		list = append(list, ma.StringCast(a))
	}
	h.SetStreamHandler(proto, func(s network.Stream) {
		defer s.Close()
		r, w := pbio.NewDelimitedReader(s, network.MessageSizeMax), pbio.NewDelimitedWriter(s)
		for {
			var m pb.Message
			if r.ReadMsg(&m) != nil {
				return
			}
			for range 20 {
				m.CloserPeers = append(m.CloserPeers, pb.PeerInfosToPBPeers(h.Network(), []peer.AddrInfo{{ID: nobody(t), Addrs: list}})...)
			}
			if w.WriteMsg(&m) != nil {
				return
			}
		}
	})
}

// nobody is a peer id of which there is no peer.
func nobody(t *testing.T) peer.ID {
	t.Helper()
	_, pub, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Error(err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		t.Error(err)
	}
	return id
}

// A stranger's word makes nobody knock at a private address: not of the machine
// itself, and not in the network at home.
func TestPointsIntoTheHome(t *testing.T) {
	for name, own := range map[string]bool{"in a network of one's own": true, "a guest": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net nodetest.Network
				evil := newHost(t, &net, "1.0.0.66")
				defer evil.Close()
				at := []string{"/ip4/192.168.1.1/udp/80/quic-v1", "/ip4/127.0.0.1/udp/631/quic-v1", "/ip4/10.0.0.1/udp/53/quic-v1", "/ip4/1.0.0.99/udp/4001/quic-v1"}
				proto := protocol.ID("/truce/test/kad/1.0.0")
				change := func(*dht.Config) {}
				if !own {
					proto = "/ipfs/kad/1.0.0"
					change = func(c *dht.Config) {
						c.Prefix = ""
						c.Guest = func() (host.Host, error) { return newHost(t, &net, "1.0.1.2"), nil }
					}
				}
				pointer(t, evil, proto, at...)
				ann := join(t, &net, "1.0.0.2", change, peer.AddrInfo{ID: evil.ID(), Addrs: evil.Addrs()})
				defer ann.end()
				ann.SetTargets([]discovery.Target{{ID: discovery.ID{7}, Hear: []discovery.Key{key(1)}}}, []discovery.Key{key(2)})
				ann.Seek(discovery.ID{7})
				time.Sleep(time.Hour)
				public := false
				for _, to := range net.Sent() {
					addr := netip.MustParseAddrPort(to).Addr()
					public = public || to == "1.0.0.99:4001"
					if addr.IsPrivate() || addr.IsLoopback() {
						t.Errorf("a stranger had us knock at %s", to)
					}
				}
				if !public {
					t.Error("what is public was not tried either: the test shows nothing")
				}
			})
		})
	}
}
