package host_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multistream"
	"github.com/quic-go/quic-go"

	"github.com/truce-im/truce/node/host"
)

// groups are key exchanges a foreign peer may insist on, and whether we agree.
var groups = map[tls.CurveID]bool{
	tls.X25519:            false,
	tls.CurveP256:         false,
	tls.SecP256r1MLKEM768: false,
	tls.X25519MLKEM768:    true,
}

// stranger is a libp2p identity that insists on one group.
func stranger(t *testing.T, group tls.CurveID) (peer.ID, *tls.Config) {
	t.Helper()
	key := newKey(t)
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := libp2ptls.NewIdentity(key)
	if err != nil {
		t.Fatal(err)
	}
	cfg, _ := identity.ConfigForPeer("")
	cfg.CurvePreferences = []tls.CurveID{group}
	return id, cfg
}

func dialArgs(t *testing.T, h corehost.Host) string {
	t.Helper()
	_, addr, err := manet.DialArgs(h.Network().ListenAddresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestAcceptedOverTCP(t *testing.T) {
	for group, want := range groups {
		t.Run(group.String(), func(t *testing.T) {
			h := listenOn(t, tcpLoopback)
			conn, err := net.Dial("tcp", dialArgs(t, h))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := multistream.SelectOneOf([]string{libp2ptls.ID}, conn); err != nil {
				t.Fatal(err)
			}
			_, cfg := stranger(t, group)
			err = tls.Client(conn, cfg).HandshakeContext(t.Context())
			if (err == nil) != want {
				t.Errorf("handshake: %v", err)
			}
		})
	}
}

func TestAcceptedOverQUIC(t *testing.T) {
	gated := &quic.ApplicationError{Remote: true, ErrorCode: quic.ApplicationErrorCode(network.ConnGated)}
	for group, want := range groups {
		t.Run(group.String(), func(t *testing.T) {
			h := listenOn(t, quicLoopback)
			_, cfg := stranger(t, group)
			to, err := net.ResolveUDPAddr("udp", dialArgs(t, h))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := quicTransport(t).Dial(t.Context(), to, cfg, nil)
			if !want && errors.Is(err, gated) {
				return // the refusal was faster than the end of the dialler's own handshake
			}
			if err != nil {
				t.Fatal(err) // the handshake itself succeeds
			}
			err = negotiate(t.Context(), conn)
			if want {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("answered on a stream")
			}
			<-conn.Context().Done()
			if cause := context.Cause(conn.Context()); !errors.Is(cause, gated) {
				t.Errorf("closed by %v", cause)
			}
		})
	}
}

// quicTransport is plain quic-go on a loopback port, closed with the test.
func quicTransport(t *testing.T) *quic.Transport {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	tr := &quic.Transport{Conn: conn}
	t.Cleanup(func() {
		tr.Close()
		conn.Close()
	})
	return tr
}

// negotiate asks on a new stream for identify.
func negotiate(ctx context.Context, conn *quic.Conn) error {
	s, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	return multistream.SelectProtoOrFail("/ipfs/id/1.0.0", s)
}

func TestDialledOverTCP(t *testing.T) {
	for group, want := range groups {
		t.Run(group.String(), func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			id, cfg := stranger(t, group)
			shaken := make(chan error, 1)
			go func() { shaken <- acceptTLS(l, cfg) }()

			h := listenOn(t, tcpLoopback)
			addr, err := manet.FromNetAddr(l.Addr())
			if err != nil {
				t.Fatal(err)
			}
			err = h.Connect(t.Context(), peer.AddrInfo{ID: id, Addrs: []multiaddr.Multiaddr{addr}})
			l.Close()
			if err := <-shaken; (err == nil) != want {
				t.Errorf("handshake: %v", err)
			}
			if err == nil && !want {
				t.Error("connected")
			}
		})
	}
}

// acceptTLS serves one handshake and hangs up.
func acceptTLS(l net.Listener, cfg *tls.Config) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	mux := multistream.NewMultistreamMuxer[string]()
	mux.AddHandler(libp2ptls.ID, func(string, io.ReadWriteCloser) error { return nil })
	if _, _, err := mux.Negotiate(conn); err != nil {
		return err
	}
	return tls.Server(conn, cfg).Handshake()
}

func TestDialledOverQUIC(t *testing.T) {
	for group, want := range groups {
		t.Run(group.String(), func(t *testing.T) {
			id, cfg := stranger(t, group)
			l, err := quicTransport(t).Listen(cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			addr, err := quicreuse.ToQuicMultiaddr(l.Addr(), quic.Version1)
			if err != nil {
				t.Fatal(err)
			}
			var connected []bool
			h := listenOn(t, quicLoopback)
			h.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
				connected = append(connected, host.PostQuantum(c))
			}})
			h.Peerstore().AddAddr(id, addr, time.Hour)
			_, err = h.Network().DialPeer(t.Context(), id)
			if (err == nil) != want {
				t.Errorf("dial: %v", err)
			}
			if want != (len(connected) == 1 && connected[0]) {
				t.Errorf("swarm got connections %v", connected)
			}
		})
	}
}

func TestNoiseIsNotOffered(t *testing.T) {
	h := listenOn(t, tcpLoopback)
	noisy := stock(t, libp2p.Security(noise.ID, noise.New))
	err := noisy.Connect(t.Context(), info(h))
	if err == nil || !strings.Contains(err.Error(), "protocols not supported") {
		t.Errorf("noise dials us: %v", err)
	}
	err = h.Connect(t.Context(), info(noisy))
	if err == nil || !strings.Contains(err.Error(), "protocols not supported") {
		t.Errorf("we dial noise: %v", err)
	}
}

// A stock peer that prefers Noise but also has TLS is not lost.
func TestStockPeersConnect(t *testing.T) {
	h := listenOn(t, tcpLoopback)
	s := stock(t, libp2p.Security(noise.ID, noise.New), libp2p.Security(libp2ptls.ID, libp2ptls.New))
	if err := s.Connect(t.Context(), info(h)); err != nil {
		t.Fatal(err)
	}
	if c := waitConn(t, h, s.ID()); !host.PostQuantum(c) {
		t.Error("classical")
	}
	if c := s.Network().ConnsToPeer(h.ID())[0]; host.PostQuantum(c) {
		t.Error("claims to see into a stock connection")
	}
}

func stock(t *testing.T, opts ...libp2p.Option) corehost.Host {
	t.Helper()
	h, err := libp2p.New(append(opts, libp2p.ListenAddrStrings(tcpLoopback),
		libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableMetrics())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}
