package host

import (
	"errors"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/control"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
)

// guestAgent is what a guest calls itself, as most programs with libp2p do that say
// nothing of their own.
const guestAgent = "go-libp2p"

// NewGuest makes a host for a network of strangers: it has an identity of its own,
// drawn now and kept nowhere, listens nowhere and says nothing of Truce. Strangers
// need not speak post-quantum TLS, so no account, message or address of ours may go
// over it but sealed. It dials no address but those that dials allows: strangers tell
// it of others, and where they are themselves. Close ends it.
func NewGuest(dials func(peer.ID, ma.Multiaddr) bool, options ...libp2p.Option) (corehost.Host, error) {
	resources, err := newResourceManager(false)
	if err != nil {
		return nil, err
	}
	conns, err := newConnManager()
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	opts := append([]libp2p.Option{
		libp2p.RandomIdentity,
		libp2p.NoListenAddrs,
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ConnectionGater(guestGater{dials}),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(conns),
		libp2p.UserAgent(guestAgent),
		libp2p.DisableMetrics(),
		quiet,
		(*Beyond)(nil).options(nil),
	}, options...)
	h, err := libp2p.New(opts...)
	if err != nil {
		return nil, errors.Join(err, conns.Close(), resources.Close())
	}
	return h, nil
}

// guestGater refuses to dial what dials does not allow.
type guestGater struct {
	dials func(peer.ID, ma.Multiaddr) bool
}

func (g guestGater) InterceptAddrDial(p peer.ID, a ma.Multiaddr) bool { return g.dials(p, a) }
func (guestGater) InterceptPeerDial(peer.ID) bool                     { return true }
func (guestGater) InterceptAccept(network.ConnMultiaddrs) bool        { return true }
func (guestGater) InterceptSecured(network.Direction, peer.ID, network.ConnMultiaddrs) bool {
	return true
}
func (guestGater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
