package host_test

import (
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/node/host"
)

const relay = "/p2p/12D3KooWJRSrypvnpHgc6ZAgyCni4KcSmbV7uGRaMw5LgMKT18fq/p2p-circuit"

func TestRankDials(t *testing.T) {
	const happyEyeballs = swarm.PrivateTCPDelay
	for name, want := range map[string]map[string]time.Duration{
		"TCP first on the LAN": {
			"/ip4/192.168.1.2/tcp/1":         0,
			"/ip4/192.168.1.2/udp/1/quic-v1": host.QUICFallback,
		},
		"both families on the LAN": {
			"/ip6/fd00::2/tcp/1":             0,
			"/ip4/192.168.1.2/tcp/1":         happyEyeballs,
			"/ip6/fd00::2/udp/1/quic-v1":     host.QUICFallback,
			"/ip4/192.168.1.2/udp/1/quic-v1": host.QUICFallback + happyEyeballs,
		},
		"QUIC alone does not wait": {
			"/ip4/192.168.1.2/udp/1/quic-v1": 0,
		},
		"QUIC first on the internet": {
			"/ip4/1.2.3.4/udp/1/quic-v1": 0,
			"/ip4/1.2.3.4/tcp/1":         swarm.PublicTCPDelay,
		},
		"LAN and internet side by side, relays later": {
			"/ip4/192.168.1.2/tcp/1":         0,
			"/ip4/1.2.3.4/udp/1/quic-v1":     0,
			"/ip4/1.2.3.9/tcp/1" + relay:     swarm.RelayDelay,
			"/ip4/192.168.1.9/tcp/2" + relay: swarm.RelayDelay + swarm.PublicTCPDelay,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var addrs []multiaddr.Multiaddr
			for a := range want {
				addrs = append(addrs, multiaddr.StringCast(a))
			}
			ranked := host.RankDials(slices.Clone(addrs))
			if len(ranked) != len(want) {
				t.Errorf("%d of %d addresses", len(ranked), len(want))
			}
			for _, d := range ranked {
				if w, ok := want[d.Addr.String()]; !ok || d.Delay != w {
					t.Errorf("%s after %v, want %v", d.Addr, d.Delay, w)
				}
			}
		})
	}
}
