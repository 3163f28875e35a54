package host

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/quic-go/quic-go"
)

// PostQuantum reports whether c negotiated X25519MLKEM768, by looking at its
// TLS state. It is false for a connection whose state cannot be seen.
// Connections of a host made by New always have; others, such as those of a
// stock libp2p host over TCP, are not known to.
func PostQuantum(c network.Conn) bool {
	var q *quic.Conn
	if c.As(&q) {
		return q.ConnectionState().TLS.CurveID == tls.X25519MLKEM768
	}
	var t *tls.Conn
	return c.As(&t) && t.ConnectionState().CurveID == tls.X25519MLKEM768
}

// gater lets nothing but post-quantum connections into the swarm. Over TCP the
// handshake has already refused others; libp2p's QUIC transport takes no
// preference of groups, so there a classical peer is closed here, before any
// stream is accepted or opened. Peers that may not see where we are it lets pass by
// relays alone.
type gater struct{ beyond *Beyond }

func (gater) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	return PostQuantum(c), 0
}

func (g gater) InterceptAddrDial(p peer.ID, a multiaddr.Multiaddr) bool {
	return g.beyond.dials(p, a)
}

func (g gater) InterceptSecured(_ network.Direction, p peer.ID, c network.ConnMultiaddrs) bool {
	return Relayed(c.RemoteMultiaddr()) || g.beyond.shown(p)
}

func (gater) InterceptPeerDial(peer.ID) bool              { return true }
func (gater) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// offersPostQuantum looks at what a TLS client of this process really offers,
// whatever decides it: GODEBUG, a //go:debug line, FIPS mode, a patched Go.
func offersPostQuantum() bool {
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tls.Client(client, &tls.Config{InsecureSkipVerify: true}).Handshake()
	}()
	offered := false
	enough := errors.New("seen enough")
	tls.Server(server, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			offered = slices.Contains(hello.SupportedCurves, tls.X25519MLKEM768)
			return nil, enough
		},
	}).Handshake()
	server.Close()
	<-done
	return offered
}
