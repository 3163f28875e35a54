package host

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
)

// timeless makes an identity's certificate valid whatever the clocks say. It
// draws a template for each identity, because libp2p writes into it.
func timeless(c *libp2ptls.IdentityConfig) { c.CertTemplate = certTemplate() }

// certTemplate is valid from 1970-01-01, where a clock begins that was never
// set, to the end of RFC 5280's calendar (4.1.2.5), because TLS must not depend
// on clocks: libp2p's own starts an hour ago, and a box without a battery clock
// is days off. Nothing is lost: the certificate
// lives as long as the process and proves a key, not a date.
func certTemplate() *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // rand.Reader never fails
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{SerialNumber: rand.Text()}, // must not be empty: RFC 5280, 4.1.2.4
		NotBefore:    time.Unix(0, 0).UTC(),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
}

// secureTransport is libp2p's TLS for TCP and relayed connections with two
// differences: the certificate's dates, and X25519MLKEM768 as the only group,
// so that a classical peer fails in the handshake.
// https://github.com/libp2p/specs/blob/master/tls/tls.md
type secureTransport struct {
	id       protocol.ID
	local    peer.ID
	identity *libp2ptls.Identity
}

func newSecureTransport(id protocol.ID, key crypto.PrivKey) (*secureTransport, error) {
	local, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, err
	}
	identity, err := libp2ptls.NewIdentity(key, timeless)
	if err != nil {
		return nil, err
	}
	return &secureTransport{id: id, local: local, identity: identity}, nil
}

func (t *secureTransport) ID() protocol.ID { return t.id }

func (t *secureTransport) SecureInbound(ctx context.Context, c net.Conn, p peer.ID) (sec.SecureConn, error) {
	return t.handshake(ctx, c, p, tls.Server)
}

func (t *secureTransport) SecureOutbound(ctx context.Context, c net.Conn, p peer.ID) (sec.SecureConn, error) {
	return t.handshake(ctx, c, p, tls.Client)
}

func (t *secureTransport) handshake(ctx context.Context, c net.Conn, p peer.ID, role func(net.Conn, *tls.Config) *tls.Conn) (sec.SecureConn, error) {
	cfg, remoteKey := t.identity.ConfigForPeer(p)
	cfg.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768}
	// The muxer is agreed on in the handshake, which saves a round trip;
	// what stays in NextProtos is for peers that cannot.
	cfg.NextProtos = append([]string{yamux.ID}, cfg.NextProtos...)

	tc := role(c, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	// There is no resumption, so the certificate was verified just now and
	// its key lies in the channel.
	key := <-remoteKey
	remote, err := peer.IDFromPublicKey(key)
	if err != nil {
		c.Close()
		return nil, err
	}
	return &secureConn{Conn: tc, local: t.local, remote: remote, key: key}, nil
}

type secureConn struct {
	*tls.Conn
	local, remote peer.ID
	key           crypto.PubKey
}

func (c *secureConn) LocalPeer() peer.ID             { return c.local }
func (c *secureConn) RemotePeer() peer.ID            { return c.remote }
func (c *secureConn) RemotePublicKey() crypto.PubKey { return c.key }

func (c *secureConn) ConnState() network.ConnectionState {
	if c.ConnectionState().NegotiatedProtocol != yamux.ID {
		return network.ConnectionState{} // negotiate the muxer afterwards
	}
	return network.ConnectionState{StreamMultiplexer: yamux.ID, UsedEarlyMuxerNegotiation: true}
}

// muxer lets a connection's TLS state be seen through the stream multiplexer:
// its connections answer As(**tls.Conn), as QUIC's answer As(**quic.Conn).
type muxer struct{ network.Multiplexer }

func (m muxer) NewConn(c net.Conn, server bool, scope network.PeerScope) (network.MuxedConn, error) {
	sc, ok := c.(*secureConn)
	if !ok {
		return nil, fmt.Errorf("multiplexing over %T", c)
	}
	mc, err := m.Multiplexer.NewConn(c, server, scope)
	if err != nil {
		return nil, err
	}
	return muxedConn{mc, sc.Conn}, nil
}

type muxedConn struct {
	network.MuxedConn
	tls *tls.Conn
}

func (c muxedConn) As(target any) bool {
	if t, ok := target.(**tls.Conn); ok {
		*t = c.tls
		return true
	}
	return c.MuxedConn.As(target)
}
