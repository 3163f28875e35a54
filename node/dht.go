package node

import (
	"slices"

	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
	"github.com/truce-im/truce/node/host"
)

// DHT says which DHT a node uses. In a network of one's own nodes serve but for those
// behind a NAT; that of IPFS a public node serves, under its own peer id.
type DHT struct {
	// Network is the name of a network of one's own: up to 32 letters, digits
	// and -. Empty: the public network of IPFS, or one that speaks its protocols.
	Network string

	// Bootstrap holds multiaddrs, ending in /p2p/ID, of nodes by which one enters the
	// network, and IPFS for its well-known ones. Empty: IPFS; in a network of one's
	// own nobody, and IPFS is refused there.
	Bootstrap []string

	// NoEntry has a public node wait for others to enter by it, where Bootstrap is
	// empty.
	NoEntry bool
}

// IPFS stands among the nodes to enter by for the well-known ones of its network.
const IPFS = "ipfs"

// entries are the nodes to enter by.
func (c *DHT) entries() ([]peer.AddrInfo, error) {
	named := slices.DeleteFunc(slices.Clone(c.Bootstrap), func(s string) bool { return s == IPFS })
	by, err := parsePeers(named)
	switch wellKnown := len(named) < len(c.Bootstrap); {
	case err != nil:
		return nil, err
	case c.Network != "" && wellKnown:
		return nil, chat.Errorf(chat.CodeUsage, "the network %q is not entered by the nodes of IPFS", c.Network)
	case wellKnown, c.Network == "" && len(named) == 0 && !c.NoEntry:
		by = append(by, dht.PublicBootstrap()...)
	}
	return by, nil
}

// newDHT makes the source that the configuration asks for; nil: none.
func (n *Node) newDHT(e *endpoint) (*dht.Source, error) {
	c := n.cfg.DHT
	if c == nil {
		return nil, nil
	}
	by, err := c.entries()
	if err != nil {
		return nil, err
	}
	by = append(by, n.known()...) // those that were named may be gone
	cfg := dht.Config{Node: e.host, Bootstrap: by, Log: n.cfg.Log}
	if c.Network != "" {
		cfg.Prefix = protocol.ID("/truce/net/" + c.Network)
	}
	if public := n.cfg.Public; !public {
		cfg.Client = func() bool { return shielded(e.host, by) }
	}
	if e.hides.any() || c.Network == "" && !n.cfg.Public {
		cfg.Guest = func() (corehost.Host, error) { return host.NewGuest(strangersAnd(by), n.cfg.Options...) }
	}
	return dht.New(cfg), nil
}

// shielded tells whether others, who are on the internet, cannot reach the host, which
// has no address there: a NAT is in between.
func shielded(h corehost.Host, others []peer.AddrInfo) bool {
	return !slices.ContainsFunc(host.Addrs(h), discovery.IsPublic) && slices.ContainsFunc(others, func(p peer.AddrInfo) bool {
		return slices.ContainsFunc(p.Addrs, discovery.IsPublic)
	})
}

// strangersAnd allows a guest to dial where strangers may be, and peers that the user
// named where he said.
func strangersAnd(named []peer.AddrInfo) func(peer.ID, ma.Multiaddr) bool {
	return func(id peer.ID, a ma.Multiaddr) bool {
		return discovery.IsPublic(a) || slices.ContainsFunc(named, func(p peer.AddrInfo) bool {
			return p.ID == id && slices.ContainsFunc(p.Addrs, a.Equal)
		})
	}
}
