package host_test

import (
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/host"
)

// A guest dials nothing but what it is allowed, whoever says that somebody is there.
func TestGuestDials(t *testing.T) {
	server := start(t, host.Config{Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}})
	at := peer.AddrInfo{ID: server.ID(), Addrs: server.Addrs()}
	for name, test := range map[string]struct {
		allowed []ma.Multiaddr
		reaches bool
	}{
		"nothing": {nil, false},
		"TCP":     {at.Addrs[:1], true},
		"QUIC":    {at.Addrs[1:], true},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := host.NewGuest(func(id peer.ID, a ma.Multiaddr) bool {
				return id == at.ID && slices.ContainsFunc(test.allowed, a.Equal)
			})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			if err := g.Connect(t.Context(), at); (err == nil) != test.reaches {
				t.Fatalf("connected: %v", err)
			}
			for _, c := range g.Network().Conns() {
				if !slices.ContainsFunc(test.allowed, c.RemoteMultiaddr().Equal) {
					t.Errorf("it went to %v", c.RemoteMultiaddr())
				}
			}
		})
	}
}
