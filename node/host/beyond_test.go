package host_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/host"
)

func speaks(h corehost.Host, protocols ...string) (list []string) {
	for _, p := range h.Mux().Protocols() {
		if slices.Contains(protocols, string(p)) {
			list = append(list, string(p))
		}
	}
	return list
}

// Only a public host serves strangers: it relays, and tells them whether they are
// reachable; the first can be switched off.
func TestServes(t *testing.T) {
	hop, dialBack := string(proto.ProtoIDv2Hop), string(autonatv2.DialProtocol)
	for name, test := range map[string]struct {
		beyond *host.Beyond
		want   []string
	}{
		"no":            {nil, nil},
		"not public":    {&host.Beyond{Ask: true, Relay: true}, nil},
		"hidden":        {&host.Beyond{Hidden: true, Relay: true}, nil},
		"public":        {&host.Beyond{Public: true, Ask: true, Relay: true}, []string{dialBack, hop}},
		"without relay": {&host.Beyond{Public: true, Ask: true}, []string{dialBack}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := host.New(t.Context(), host.Config{Key: newKey(t), Listen: []string{tcpLoopback}, Beyond: test.beyond})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			for began := time.Now(); len(speaks(h, hop, dialBack)) < len(test.want) && time.Since(began) < time.Minute; {
				time.Sleep(10 * time.Millisecond) // the relay begins a little later, and tells nobody
			}
			if got := speaks(h, hop, dialBack); len(got) != len(test.want) {
				t.Errorf("it serves %q", got)
			}
		})
	}
}

// What goes over a relay is closed to it: the two ends agree on a post-quantum key.
func TestRelayedIsPostQuantum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memoryNet
		relay := start(t, host.Config{Listen: []string{"/ip4/1.0.0.1/udp/8000/quic-v1"}, Options: n.options(), Beyond: &host.Beyond{Public: true, Relay: true}})
		a := start(t, host.Config{Listen: []string{"/ip4/1.0.0.2/udp/8000/quic-v1"}, Options: n.options(), Beyond: &host.Beyond{}})
		b := start(t, host.Config{Listen: []string{"/ip4/1.0.0.3/udp/8000/quic-v1"}, Options: n.options(), Beyond: &host.Beyond{}})
		time.Sleep(time.Second)
		connect(t, a, relay)
		granted, err := client.Reserve(t.Context(), a, info(relay))
		if err != nil {
			t.Fatal(err)
		}
		if granted.LimitData == 0 || granted.LimitDuration == 0 {
			t.Errorf("without limits: %+v", granted)
		}
		over := relay.Addrs()[0].Encapsulate(multiaddr.StringCast("/p2p/" + relay.ID().String() + "/p2p-circuit"))
		ctx := network.WithAllowLimitedConn(t.Context(), "test")
		if err := b.Connect(ctx, peer.AddrInfo{ID: a.ID(), Addrs: []multiaddr.Multiaddr{over}}); err != nil {
			t.Fatal(err)
		}
		c := b.Network().ConnsToPeer(a.ID())[0]
		if !host.Relayed(c.RemoteMultiaddr()) || !c.Stat().Limited || !host.PostQuantum(c) {
			t.Errorf("%v: limited %v, post-quantum %v", c.RemoteMultiaddr(), c.Stat().Limited, host.PostQuantum(c))
		}
		if by, ok := host.RelayOf(c.RemoteMultiaddr()); !ok || by != relay.ID() {
			t.Errorf("it goes by %v", by)
		}
	})
}

// Who names addresses for a hole to be punched has us knock on the internet alone, and
// not at many; who must not see where we are gets and has none.
func TestPunches(t *testing.T) {
	var named []multiaddr.Multiaddr
	for _, a := range []string{"/ip4/192.168.1.1/tcp/22", "/ip4/127.0.0.1/tcp/22", "/ip4/100.64.0.1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip4/8.8.8.8/tcp/1"} {
		named = append(named, multiaddr.StringCast(a))
	}
	for range 100 {
		named = append(named, multiaddr.StringCast("/ip4/9.9.9.9/udp/1/quic-v1"))
	}
	all := func(peer.ID) bool { return true }
	f := host.Punches(&host.Beyond{Met: all})
	got := f.FilterRemote("peer", named)
	if len(got) > 8 || got[0].String() != "/ip4/8.8.8.8/tcp/1" {
		t.Errorf("it knocks at %v", got)
	}
	for name, b := range map[string]*host.Beyond{
		"a stranger":          {},
		"who must not see us": {Met: all, Shown: func(peer.ID) bool { return false }},
	} {
		f := host.Punches(b)
		if at, told := f.FilterRemote("peer", named), f.FilterLocal("peer", named); len(at)+len(told) != 0 {
			t.Errorf("%s: it knocks at %v and names %v", name, at, told)
		}
	}
}

// Whoever must not see where we are is dialled by known relays alone, and not let in.
func TestShown(t *testing.T) {
	b := listenOn(t, tcpLoopback)
	a, err := host.New(t.Context(), host.Config{Key: newKey(t), Listen: []string{tcpLoopback}, Beyond: &host.Beyond{Shy: true, Shown: func(p peer.ID) bool { return p != b.ID() }}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Connect(t.Context(), info(b)); err == nil {
		t.Error("it was dialled")
	}
	at := peer.AddrInfo{ID: a.ID(), Addrs: a.Network().ListenAddresses()}
	at.Addrs = slices.DeleteFunc(at.Addrs, host.Relayed)
	b.Connect(t.Context(), at)
	s, err := b.NewStream(network.WithNoDial(t.Context(), "test"), a.ID(), "/ipfs/id/1.0.0")
	if err == nil {
		if _, err = s.Read(make([]byte, 1)); err == nil {
			t.Error("it was let in")
		}
	}
	if list := a.Addrs(); len(list) > 0 {
		t.Errorf("it says that it is at %v", list)
	}
}
