package dht

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/discovery"
)

// enoughRelays is how many are looked for: many public ones refuse.
const enoughRelays = 8

// errand is a search for relays that somebody waits for.
type errand struct{ done chan result }

// Relays looks for nodes of the network that relay for others, in no order. It waits
// for a way into the network until ctx ends. One call at a time.
func (s *Source) Relays(ctx context.Context) ([]peer.AddrInfo, error) {
	e := &errand{make(chan result, 1)}
	s.change(func() { s.errand = e })
	select {
	case r := <-e.done:
		return r.peers, r.err
	case <-ctx.Done():
		s.change(func() { s.errand = nil })
		return nil, ctx.Err()
	}
}

// run hands over what an errand brought.
func (s *Source) run(r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.errand != nil {
		s.errand.done <- r
		s.errand = nil
	}
}

// relays returns those of the peers met, and of some met now, that relay.
func (s *store) relays(ctx context.Context, named []peer.AddrInfo) ([]peer.AddrInfo, error) {
	list := s.relaying(named)
	if len(list) >= enoughRelays {
		return list, nil
	}
	_, err := s.kad.GetClosestPeers(ctx, rand.Text()) // to anything: whom one meets on the way
	if list = s.relaying(named); len(list) > 0 {
		err = nil
	}
	return list, err
}

// relaying returns those in the routing table that say that they relay. All of them
// have said where they are, over which transports.
func (s *store) relaying(named []peer.AddrInfo) (list []peer.AddrInfo) {
	h := s.kad.Host()
	for _, p := range s.kad.RoutingTable().ListPeers() {
		speaks, err := h.Peerstore().SupportsProtocols(p, proto.ProtoIDv2Hop)
		if err != nil || len(speaks) == 0 {
			continue
		}
		info := peer.AddrInfo{ID: p, Addrs: public(h.Peerstore().Addrs(p))}
		for _, n := range named {
			if n.ID == p {
				info.Addrs = ma.Unique(append(info.Addrs, n.Addrs...))
			}
		}
		info.Addrs = ma.FilterAddrs(info.Addrs, discovery.Direct)
		if len(info.Addrs) > 0 {
			list = append(list, info)
		}
	}
	mathrand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
