package node

import (
	"context"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/relay"
)

// beyond says how the host gets through NATs; nil: it does not.
func (n *Node) beyond(h *hides) *host.Beyond {
	c := n.cfg
	if c.DHT == nil && len(c.Relays) == 0 && !c.Public && !h.any() {
		return nil
	}
	b := &host.Beyond{Public: c.Public && !h.any(), Relay: !c.NoRelay, Ask: len(c.Options) == 0, Met: h.met} // nobody asks in a simulation
	if c.PortMap && !b.Public && !h.any() {
		b.PortMap = new(host.PortMap)
	}
	if h.any() {
		b.Shy, b.Hidden, b.Shown, b.Through = true, h.All, h.shown, h.relay
	}
	return b
}

// useRelays makes the one who keeps relays, if they are used.
func (n *Node) useRelays(e *endpoint) (err error) {
	if e.beyond == nil || e.beyond.Public {
		return nil
	}
	cfg := relay.Config{Host: e.host, Log: n.cfg.Log}
	if cfg.Given, err = parsePeers(n.cfg.Relays); err != nil {
		return err
	}
	if e.dht != nil {
		cfg.Find = func(ctx context.Context) ([]peer.AddrInfo, error) {
			list, err := e.dht.Relays(ctx)
			if err != nil {
				return nil, err
			}
			return e.hides.strange(n.chat, list)
		}
	}
	cfg.Known = n.known()
	if cfg.Known, err = e.hides.strange(n.chat, cfg.Known); err != nil {
		return err
	}
	cfg.Granted = func(at ma.Multiaddr) {
		if len(e.relays.Status().Relays) == 0 { // it is the first one
			e.regained()
		}
		if !discovery.IsPublic(at) {
			return // it means nothing elsewhere
		}
		if err := n.chat.MetPublicNode([]string{at.String()}); err != nil {
			n.cfg.Log.Warn("cannot keep where a relay is", "error", err)
		}
	}
	e.relays = relay.New(cfg)
	e.hides.relays.Store(e.relays)
	return nil
}

// known returns the public nodes that served before.
func (n *Node) known() []peer.AddrInfo {
	texts, err := n.chat.PublicNodes()
	if err != nil {
		n.cfg.Log.Warn("cannot tell who served before", "error", err)
	}
	list, err := parsePeers(texts)
	if err != nil {
		n.cfg.Log.Warn("who served before cannot be read", "error", err)
	}
	return list
}

// offer names somebody linked as a relay, if they are one, and may see where we are.
func (e *endpoint) offer(ctx context.Context, a wire.Account, c network.Conn) {
	if e.relays == nil || e.hides.from(a) || host.Relayed(c.RemoteMultiaddr()) {
		return
	}
	p := c.RemotePeer()
	speaks, err := e.host.Peerstore().SupportsProtocols(p, proto.ProtoIDv2Hop)
	if err != nil || len(speaks) == 0 {
		return
	}
	addrs := ma.FilterAddrs(e.host.Peerstore().Addrs(p), discovery.IsPublic, discovery.Direct)
	if len(addrs) > 0 {
		e.relays.Offer(ctx, peer.AddrInfo{ID: p, Addrs: addrs})
	}
}

// regained is called when there is a way to the internet that there was not.
func (e *endpoint) regained() {
	if e.dht != nil {
		e.dht.Retry()
	}
	e.reach.hurry()
}

// blamed returns those addresses that are left alone for a while after a dial failed:
// not those by relays that we know, where somebody may be the next moment.
func (e *endpoint) blamed(addrs []ma.Multiaddr) []ma.Multiaddr {
	return ma.FilterAddrs(addrs, func(a ma.Multiaddr) bool {
		by, ok := host.RelayOf(a)
		return !ok || e.relays == nil || !e.relays.Knows(by)
	})
}

// moved is called when the network has changed.
func (e *endpoint) moved() {
	e.hangUp()
	if e.relays != nil {
		e.relays.NetworkChanged()
	}
	if e.beyond != nil && e.beyond.PortMap != nil {
		e.beyond.PortMap.Renew()
	}
}
