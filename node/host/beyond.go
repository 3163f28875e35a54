package host

import (
	"slices"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/prometheus/client_golang/prometheus"
)

// Beyond says how a host gets through what stands between it and others. Without it
// a host uses no relay and does not learn where it is seen from outside. To have a relay
// is the caller's part (package relay), and so is to say when a hole is to be punched. It
// is for one host.
type Beyond struct {
	// Public has the host take itself for reachable from everywhere.
	Public bool

	// Ask has the host ask others whether they can reach it, by AutoNAT v2; a public
	// one answers, by sockets of its own on the machine's network.
	Ask bool

	// Relay has a public host relay for others, within relayLimits.
	Relay bool

	// Shy has the host tell nobody an address of its own, but those of relays.
	Shy bool

	// Hidden is Shy, and has it listen nowhere but at relays.
	Hidden bool

	// PortMap asks the router for ports; nil: it is not asked.
	PortMap *PortMap

	// Shown tells whether a peer may see the address of this machine: it is neither
	// dialled nor let in but by a relay if not. nil: all may.
	Shown func(peer.ID) bool

	// Met tells whether holes are punched to a peer, who learns from that where this
	// machine is; nil: to none.
	Met func(peer.ID) bool

	// Through tells whether a relay is one by which such a peer may be dialled; nil: all
	// are.
	Through func(relay peer.ID) bool

	holes holes
}

// options are those of libp2p. A nil b has none of all this.
func (b *Beyond) options(metrics prometheus.Registerer) libp2p.Option {
	if b == nil {
		return libp2p.ChainOptions(libp2p.DisableRelay(), libp2p.DisableIdentifyAddressDiscovery(),
			// A forced answer is the only way to stop AutoNAT's client.
			libp2p.ForceReachabilityPrivate())
	}
	opts := []libp2p.Option{libp2p.EnableRelay()}
	if b.Public {
		opts = append(opts, libp2p.ForceReachabilityPublic())
	} else {
		opts = append(opts, libp2p.ForceReachabilityPrivate())
	}
	if b.Public && b.Relay {
		opts = append(opts, libp2p.EnableRelayService(relay.WithResources(relayLimits)))
	}
	if b.Shy || b.Hidden {
		opts = append(opts, libp2p.AddrsFactory(relayed))
	}
	if b.Hidden {
		return libp2p.ChainOptions(append(opts, libp2p.DisableIdentifyAddressDiscovery())...)
	}
	if b.PortMap != nil {
		opts = append(opts, libp2p.NATManager(b.PortMap.manage))
	}
	if b.Ask {
		opts = append(opts, libp2p.EnableAutoNATv2())
	}
	return libp2p.ChainOptions(append(opts, b.punching(metrics))...)
}

func (b *Beyond) met(p peer.ID) bool { return b.shown(p) && b.Met != nil && b.Met(p) }

// shown is Shown, of which nil is all.
func (b *Beyond) shown(p peer.ID) bool { return b == nil || b.Shown == nil || b.Shown(p) }

// dials tells whether a peer may be dialled at an address.
func (b *Beyond) dials(p peer.ID, a multiaddr.Multiaddr) bool {
	if b.shown(p) {
		return true
	}
	by, ok := RelayOf(a)
	return ok && (b.Through == nil || b.Through(by))
}

// punches says at which addresses holes are punched: what a peer names there is its
// word alone, and must not have us knock within a network at home.
type punches struct{ b *Beyond }

func (f punches) FilterLocal(p peer.ID, addrs []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	if !f.b.met(p) {
		return nil
	}
	return addrs
}

func (f punches) FilterRemote(p peer.ID, addrs []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	if !f.b.met(p) {
		return nil
	}
	addrs = slices.DeleteFunc(slices.Clone(addrs), func(a multiaddr.Multiaddr) bool { return !manet.IsPublicAddr(a) })
	return addrs[:min(len(addrs), maxPunched)]
}

// Relayed tells whether an address leads over a relay.
func Relayed(a multiaddr.Multiaddr) bool {
	_, err := a.ValueForProtocol(multiaddr.P_CIRCUIT)
	return err == nil
}

// RelayOf returns over which relay an address leads; false: over none, or it does not
// say.
func RelayOf(a multiaddr.Multiaddr) (peer.ID, bool) {
	before, after := multiaddr.SplitFunc(a, func(c multiaddr.Component) bool { return c.Code() == multiaddr.P_CIRCUIT })
	if len(after) == 0 {
		return "", false
	}
	text, err := before.ValueForProtocol(multiaddr.P_P2P)
	if err != nil {
		return "", false
	}
	id, err := peer.Decode(text)
	return id, err == nil
}

// relayed returns those addresses that lead over a relay.
func relayed(addrs []multiaddr.Multiaddr) (out []multiaddr.Multiaddr) {
	for _, a := range addrs {
		if Relayed(a) {
			out = append(out, a)
		}
	}
	return out
}
