package node

import (
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
)

// natKind is what stands between us and others, as far as they have told.
type natKind string

const (
	natUnknown   natKind = ""          // nobody outside has told where they see us
	natNone      natKind = "none"      // they see an address of this machine
	natCone      natKind = "cone"      // they see us at one address and port: a hole can be punched
	natSymmetric natKind = "symmetric" // each sees us at a port of its own: no hole can be foretold
)

// sightings are where peers outside of this network see us. The zero value is ready;
// it is safe for concurrent use. They are their word: they decide what doctor says, and
// nothing else.
type sightings struct {
	mu   sync.Mutex
	seen map[string][]sighting // by transport, the newest last
}

type sighting struct {
	by netip.Addr
	at netip.AddrPort
	on network.Conn // while it is open, it counts
}

const maxSightings = 16 // for each transport, of different observers

// note takes what a peer said on a connection that shows our own port: QUIC's always
// do, those over TCP that we made from the port we listen on.
func (s *sightings) note(e event.EvtPeerIdentificationCompleted, tcp int) {
	remote := e.Conn.RemoteMultiaddr()
	if host.Relayed(remote) || !discovery.IsPublic(remote) || e.ObservedAddr == nil || !discovery.IsPublic(e.ObservedAddr) {
		return
	}
	over := transportOf(remote)
	if local, ok := addrPort(e.Conn.LocalMultiaddr()); over == "tcp" && (!ok || int(local.Port()) != tcp) {
		return
	}
	by, ok := addrPort(remote)
	at, ok2 := addrPort(e.ObservedAddr)
	if !ok || !ok2 || transportOf(e.ObservedAddr) != over {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string][]sighting{}
	}
	list := slices.DeleteFunc(s.seen[over], func(x sighting) bool { return x.by == by.Addr() })
	list = append(list, sighting{by.Addr(), at, e.Conn})
	s.seen[over] = list[max(0, len(list)-maxSightings):]
}

// kind judges by all that was seen over a transport, where we listen on port, and tells
// where we were seen last. With one observer a port that is not ours looks symmetric,
// and need not be: certain is false.
func (s *sightings) kind(over string, port int, mine []ma.Multiaddr) (kind natKind, at netip.AddrPort, certain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(s.seen[over]), func(x sighting) bool { return x.on.IsClosed() })
	if len(list) == 0 {
		return natUnknown, at, false
	}
	at = list[len(list)-1].at
	if slices.ContainsFunc(mine, func(a ma.Multiaddr) bool {
		ip, err := manet.ToIP(a)
		return err == nil && ip.Equal(at.Addr().AsSlice())
	}) {
		return natNone, at, true
	}
	for _, x := range list {
		if x.at.Addr().Is4() == at.Addr().Is4() && x.at != at {
			return natSymmetric, at, true
		}
	}
	if len(list) == 1 && int(at.Port()) != port {
		return natSymmetric, at, false
	}
	return natCone, at, len(list) > 1
}

// addrPort is the IP address and port that a begins with.
func addrPort(a ma.Multiaddr) (netip.AddrPort, bool) {
	ip, err := manet.ToIP(a)
	addr, ok := netip.AddrFromSlice(ip)
	if err != nil || !ok {
		return netip.AddrPort{}, false
	}
	text, err := a.ValueForProtocol(ma.P_TCP)
	if err != nil {
		text, _ = a.ValueForProtocol(ma.P_UDP)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), err == nil
}
