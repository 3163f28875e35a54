package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/netip"

	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/presence"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/dht"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/relay"
)

// endpoint is the part of a node that stands on one libp2p identity: the host,
// the links over it, and who looks for contacts. When the identity is replaced
// it is closed and another one opened; store and faces go on meanwhile.
type endpoint struct {
	seed   [32]byte // of the identity
	hides  *hides
	chat   *chat.Service
	host   corehost.Host
	links  *link.Manager
	finder discovery.Finder
	beyond *host.Beyond  // nil: reached directly only
	dht    *dht.Source   // nil: none
	relays *relay.Keeper // nil: none
	reach  *reach
	seen   sightings           // where others see us
	mine   map[netip.Addr]bool // the machine's addresses when the network changed last; reach.follow alone touches it

	presence *presence.Manager
}

// openEndpoint goes on the network under the identity in the store, as a new
// start of this device. ctx bounds the opening alone.
func (n *Node) openEndpoint(ctx context.Context, listen []string) (_ *endpoint, err error) {
	e := &endpoint{chat: n.chat}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if e.seed, err = n.chat.TransportSeed(); err != nil {
		return nil, err
	}
	if e.hides, err = n.newHides(); err != nil {
		return nil, err
	}
	e.beyond = n.beyond(e.hides)
	if e.host, err = n.listen(ctx, e, listen); err != nil {
		return nil, err
	}
	ports := func() (tcp, udp int) { return host.Ports(e.host) }
	tcp, udp := ports()
	if err := n.chat.Started(max(tcp, udp)); err != nil {
		return nil, err
	}
	if e.dht, err = n.newDHT(e); err != nil {
		return nil, err
	}
	var sources []discovery.Source
	if e.dht != nil {
		sources = append(sources, e.dht)
	}
	e.finder = discovery.New(discovery.Config{
		Self: e.host.ID(), Ports: ports, MDNS: !n.cfg.NoMDNS && !e.hides.All, Sources: sources,
		Cache: cache{n.chat, n.cfg.Log}, Network: n.cfg.Network, Log: n.cfg.Log,
	})
	if err := n.useRelays(e); err != nil {
		return nil, err
	}
	n.trails.watch(e.host.Network())
	e.reach = newReach(e, n.cfg.Log, n.given, &n.trails)
	e.presence = presence.New(presence.Config{Host: e.host, Chat: n.chat, Log: n.cfg.Log})
	e.links = link.New(link.Config{
		Host: e.host, Chat: n.chat, Log: n.cfg.Log, Courier: e.presence,
		AccountKey: n.home.keys.account, Bars: e.hides.bars, Up: e.reach.up, Down: e.reach.down, Wanted: e.reach.wanted,
	})
	e.hides.links.Store(e.links)
	e.links.Start() // Up asks e.links
	e.presence.Start()
	if err := e.reach.start(); err != nil || e.relays == nil {
		return e, err
	}
	return e, e.relays.Start()
}

func (n *Node) listen(ctx context.Context, e *endpoint, listen []string) (corehost.Host, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(e.seed[:]))
	if err != nil {
		return nil, err
	}
	port, err := n.chat.Port()
	if err != nil {
		return nil, err
	}
	return host.New(ctx, host.Config{
		Key: key, Listen: listen, Port: port, Beyond: e.beyond, Log: n.cfg.Log, Options: n.cfg.Options,
		MetricsRegisterer: n.cfg.Metrics,
	})
}

// close ends everything from outside in: contacts are told that this endpoint
// stops. What was not opened is passed over.
func (e *endpoint) close() (err error) {
	if e.reach != nil {
		e.reach.stop()
	}
	if e.finder != nil {
		err = e.finder.Close()
	}
	if e.presence != nil {
		e.presence.Close()
	}
	if e.links != nil {
		e.links.Close()
	}
	if e.relays != nil {
		e.relays.Close()
	}
	if e.host != nil {
		err = errors.Join(err, e.host.Close())
	}
	return err
}

func parsePeers(texts []string) (list []peer.AddrInfo, err error) {
	for _, text := range texts {
		p, err := peer.AddrInfoFromString(text)
		if err != nil {
			return nil, chat.Errorf(chat.CodeUsage, "the peer address %q cannot be read: it has to end in /p2p/ and a peer id", text)
		}
		list = append(list, *p)
	}
	return list, nil
}
