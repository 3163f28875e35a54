package host_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/nodetest"
)

func direct(a, b corehost.Host) bool {
	return slices.ContainsFunc(a.Network().ConnsToPeer(b.ID()), func(c network.Conn) bool { return !host.Relayed(c.RemoteMultiaddr()) })
}

// Who has come by a relay is connected directly once that is wanted, however late; to a
// stranger nothing goes but by the relay.
func TestPunch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n nodetest.Network
		at := func(ip string, b *host.Beyond) corehost.Host {
			return start(t, host.Config{Listen: []string{"/ip4/" + ip + "/udp/8000/quic-v1"}, Options: n.Options(), Beyond: b})
		}
		var here, there host.Beyond
		relay := at("1.0.0.1", &host.Beyond{Public: true, Relay: true})
		a, b := at("1.0.0.2", &here), at("1.0.0.3", &there)
		time.Sleep(time.Second)
		connect(t, a, relay)
		if _, err := client.Reserve(t.Context(), a, info(relay)); err != nil {
			t.Fatal(err)
		}
		over := relay.Addrs()[0].Encapsulate(multiaddr.StringCast("/p2p/" + relay.ID().String() + "/p2p-circuit"))
		if err := b.Connect(network.WithAllowLimitedConn(t.Context(), "test"), peer.AddrInfo{ID: a.ID(), Addrs: []multiaddr.Multiaddr{over}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		try := func() {
			here.Punch(b.ID())
			time.Sleep(time.Minute)
		}
		try()
		there.Met = func(p peer.ID) bool { return p == a.ID() }
		try()
		if direct(a, b) || n.Spoke("1.0.0.2", "1.0.0.3") || n.Spoke("1.0.0.3", "1.0.0.2") {
			t.Fatal("they have not met, and speak directly")
		}
		here.Met = func(p peer.ID) bool { return p == b.ID() }
		try()
		if !direct(a, b) || !direct(b, a) {
			t.Error("no hole was punched")
		}
	})
}
