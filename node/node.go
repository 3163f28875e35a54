package node

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/redact"
)

// Node is a running node. Its methods are safe for concurrent use.
type Node struct {
	cfg  Config // what Reconfigure changes of it is touched by follow alone, once that runs
	home *home
	chat *chat.Service

	began  time.Time
	given  []peer.AddrInfo // Config.Peers; as those, follow's
	trails trails
	cancel context.CancelFunc
	alive  context.Context // ends when the node begins to close
	wg     sync.WaitGroup

	rewrites *rewrites

	mu       sync.Mutex
	endpoint *endpoint     // see current
	replaced chan struct{} // closed when endpoint changes

	wishes chan wish // of Reconfigure, for follow

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
	cfg.Log = slog.New(redact.Handler(cfg.Log.Handler()))
	h, err := openHome(cfg)
	if err != nil {
		return nil, failed(err, "")
	}
	alive, cancel := context.WithCancel(context.Background())
	n := &Node{cfg: cfg, home: h, began: cfg.now(), cancel: cancel, alive: alive, rewrites: newRewrites(), replaced: make(chan struct{}), wishes: make(chan wish)}
	n.chat, err = chat.New(h.store, chat.Options{Now: cfg.Now, Log: cfg.Log})
	if err == nil {
		err = n.renewCopy()
	}
	h.keys.opened()
	if err == nil && !cfg.Offline {
		err = n.online(ctx, alive)
	}
	if err != nil {
		n.Close()
		return nil, failed(err, "")
	}
	return n, nil
}

// online brings the node on the network, until alive ends.
func (n *Node) online(ctx, alive context.Context) (err error) {
	if n.given, err = parsePeers(n.cfg.Peers); err != nil {
		return err
	}
	if err := n.home.writePID(); err != nil {
		return err
	}
	forgot := make(chan error, 1)
	go func() { forgot <- errors.Join(n.chat.ForgetKeys(), n.chat.ForgetRemoved()) }()
	n.endpoint, err = n.openEndpoint(ctx, n.cfg.Listen) // which takes as long
	if err = errors.Join(err, <-forgot); err != nil {
		return err
	}
	n.wg.Go(func() { n.follow(alive) })
	n.wg.Go(func() { n.tidy(alive) })
	n.wg.Go(func() { n.chat.AnswerCallers(alive) })
	return nil
}

// Close stops the node: contacts are told, everything is on disk, and the home
// is free. Calling it again does nothing.
func (n *Node) Close() error {
	n.close.Do(func() {
		n.cancel()
		n.wg.Wait()
		n.rewrites.take(context.Background()) // for good
		if e := n.current(); e != nil {
			n.err = e.close()
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

// PeerID is the libp2p peer id; empty when Offline, and for a moment while it
// is replaced (see Settle).
func (n *Node) PeerID() string {
	e := n.current()
	if e == nil {
		return ""
	}
	return e.host.ID().String()
}

// Addrs returns where the node listens now, then by which relays it is reached, as
// multiaddrs ending in /p2p/ID; none where PeerID is empty.
func (n *Node) Addrs() (list []string) {
	e := n.current()
	if e == nil {
		return nil
	}
	for _, a := range host.Addrs(e.host) {
		list = append(list, a.String())
	}
	for _, a := range e.host.Addrs() {
		if host.Relayed(a) {
			list = append(list, a.String()+"/p2p/"+e.host.ID().String())
		}
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
	e := n.current()
	for _, a := range n.Addrs() {
		if e != nil && e.hides.any() && !strings.Contains(a, "/p2p-circuit") {
			continue
		}
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
	e := n.current()
	if e == nil {
		return nil
	}
	proved := map[network.Conn]link.Info{}
	for _, s := range e.links.Sessions() {
		proved[s.Conn] = s
	}
	for _, c := range e.host.Network().Conns() {
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

// Typing tells a contact that the user writes a message to them, or has stopped.
// It reaches devices that are linked now, and is forgotten after ten seconds. It
// does nothing while the setting chat.Typing is off.
func (n *Node) Typing(a wire.Account, on bool) {
	if show, err := n.chat.Setting(chat.Typing); err != nil || show != "true" {
		return
	}
	if e := n.current(); e != nil {
		e.presence.Typing(a, on)
	}
}
