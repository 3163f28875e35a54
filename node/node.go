package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
)

// Node is a running node. Its methods are safe for concurrent use.
type Node struct {
	cfg  Config
	home *home
	chat *chat.Service

	// Nil when Offline.
	host   corehost.Host
	links  *link.Manager
	finder discovery.Finder
	reach  *reach

	close sync.Once
	err   error
}

// Open opens the home's account, which it makes if there is none, and brings
// it on the network. ctx bounds the opening alone. Errors are in words for the
// user (*chat.Error); ErrLocked tells that a node runs in this home.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h, err := openHome(cfg)
	if err != nil {
		return nil, failed(err, "")
	}
	n := &Node{cfg: cfg, home: h}
	n.chat, err = chat.New(h.store, chat.Options{Now: cfg.Now, Log: cfg.Log})
	if err == nil {
		err = n.renewCopy()
	}
	h.keys.opened()
	if err == nil && !cfg.Offline {
		err = n.online(ctx)
	}
	if err != nil {
		n.Close()
		return nil, failed(err, "")
	}
	return n, nil
}

// online brings the node on the network.
func (n *Node) online(ctx context.Context) error {
	peers, err := parsePeers(n.cfg.Peers)
	if err != nil {
		return err
	}
	if err := n.home.writePID(); err != nil {
		return err
	}
	if err := n.chat.ForgetKeys(); err != nil {
		return err
	}
	if n.host, err = n.listen(ctx); err != nil {
		return err
	}
	ports := func() (tcp, udp int) { return host.Ports(n.host) }
	tcp, udp := ports()
	if err := n.chat.Started(max(tcp, udp)); err != nil {
		return err
	}
	n.finder = discovery.New(discovery.Config{
		Self: n.host.ID(), Ports: ports, MDNS: !n.cfg.NoMDNS,
		Cache: cache{n.chat, n.cfg.Log}, Network: n.cfg.Network, Log: n.cfg.Log,
	})
	n.reach = newReach(n, peers)
	n.links = link.New(link.Config{
		Host: n.host, Chat: n.chat, Log: n.cfg.Log,
		AccountKey: n.home.keys.account, Up: n.reach.up, Down: n.reach.wanted, Wanted: n.reach.wanted,
	})
	return n.reach.start()
}

func (n *Node) listen(ctx context.Context) (corehost.Host, error) {
	seed, err := n.chat.TransportSeed()
	if err != nil {
		return nil, err
	}
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		return nil, err
	}
	port, err := n.chat.Port()
	if err != nil {
		return nil, err
	}
	return host.New(ctx, host.Config{
		Key: key, Listen: n.cfg.Listen, Port: port, Log: n.cfg.Log, Options: n.cfg.Options,
	})
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

// Close stops the node: contacts are told, everything is on disk, and the home
// is free. Calling it again does nothing.
func (n *Node) Close() error {
	n.close.Do(func() {
		if n.reach != nil {
			n.reach.stop()
		}
		if n.finder != nil {
			n.err = errors.Join(n.err, n.finder.Close())
		}
		if n.links != nil {
			n.links.Close()
		}
		if n.host != nil {
			n.err = errors.Join(n.err, n.host.Close())
		}
		n.err = errors.Join(n.err, n.home.close())
	})
	return n.err
}

// Chat is the account, its contacts and conversations. It must not be used
// after Close.
func (n *Node) Chat() *chat.Service { return n.chat }

// Home is the directory of the node, absolute.
func (n *Node) Home() string { return n.home.dir }

// Protected reports whether a passphrase protects the home.
func (n *Node) Protected() bool { return n.home.keys.protected() }

// PeerID is the libp2p peer id; empty when Offline.
func (n *Node) PeerID() string {
	if n.host == nil {
		return ""
	}
	return n.host.ID().String()
}

// Addrs returns where the node listens now, as multiaddrs ending in /p2p/ID;
// none when Offline.
func (n *Node) Addrs() (list []string) {
	if n.host == nil {
		return nil
	}
	for _, a := range host.Addrs(n.host) {
		list = append(list, a.String())
	}
	return list
}

// maxLinkAddrs keeps a link short enough to be passed on: mDNS and, later, the
// DHT find the rest.
const maxLinkAddrs = 2

// Link is what to hand out. It names a few of the addresses where the node
// listens now, at most one for each IP address.
func (n *Node) Link() (wire.Link, error) {
	var addrs []string
	seen := map[string]bool{}
	for _, a := range n.Addrs() {
		ip := strings.Join(strings.Split(a, "/")[:3], "/")
		if !seen[ip] && len(addrs) < maxLinkAddrs {
			seen[ip] = true
			addrs = append(addrs, a)
		}
	}
	return n.chat.Link(addrs)
}

// PeerInfo is one connection.
type PeerInfo struct {
	PeerID    string
	Account   wire.Account // zero unless the relation is proved on it
	Name      string       // petname; empty unless the relation is proved
	Addr      string
	Via       string // "direct" or "relay"
	Transport string // "tcp" or "quic"
	RTT       time.Duration
}

// Peers returns all connections.
func (n *Node) Peers() (list []PeerInfo) {
	if n.host == nil {
		return nil
	}
	proved := map[network.Conn]link.Info{}
	for _, s := range n.links.Sessions() {
		proved[s.Conn] = s
	}
	for _, c := range n.host.Network().Conns() {
		p := PeerInfo{
			PeerID: c.RemotePeer().String(), Addr: c.RemoteMultiaddr().String(),
			Via: "direct", Transport: transportOf(c.RemoteMultiaddr()),
		}
		if strings.Contains(p.Addr, "/p2p-circuit") {
			p.Via = "relay"
		}
		if s, ok := proved[c]; ok {
			p.Account, p.RTT = s.Account, s.RTT
			if v, err := n.chat.Contact(s.Account); err == nil {
				p.Name = v.Name
			}
		}
		list = append(list, p)
	}
	return list
}

func transportOf(a ma.Multiaddr) string {
	if _, err := a.ValueForProtocol(ma.P_QUIC_V1); err == nil {
		return "quic"
	}
	return "tcp"
}
