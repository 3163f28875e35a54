package node

import (
	"fmt"
	"regexp"
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

// DHT says which DHT a node uses, and how. The zero value has no way in.
type DHT struct {
	// Network is the name of a network of one's own: up to 32 letters, digits
	// and -. Empty: the public network of IPFS, or one that speaks its protocols.
	Network string

	// Bootstrap holds multiaddrs, ending in /p2p/ID, of nodes by which one enters.
	Bootstrap []string

	// Server has this node serve the DHT of IPFS under its own peer id. In a
	// network of one's own all nodes serve.
	Server bool
}

var networkName = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

// CheckNetwork refuses what is no name of a network.
func CheckNetwork(name string) error {
	if !networkName.MatchString(name) {
		return fmt.Errorf("a network is named by up to 32 letters, digits and -")
	}
	return nil
}

// newDHT makes the source that the configuration asks for; nil: none.
func (n *Node) newDHT(h corehost.Host) (*dht.Source, error) {
	c := n.cfg.DHT
	if c == nil {
		return nil, nil
	}
	by, err := parsePeers(c.Bootstrap)
	if err != nil {
		return nil, err
	}
	cfg := dht.Config{Node: h, Bootstrap: by, Log: n.cfg.Log}
	switch {
	case c.Network != "":
		if err := CheckNetwork(c.Network); err != nil {
			return nil, chat.Errorf(chat.CodeUsage, "%v", err)
		}
		cfg.Prefix = protocol.ID("/truce/net/" + c.Network)
	case !c.Server:
		cfg.Guest = func() (corehost.Host, error) { return host.NewGuest(strangersAnd(by), n.cfg.Options...) }
	}
	return dht.New(cfg), nil
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
