package host_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"go.uber.org/goleak"

	"github.com/truce-im/truce/node/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	tcpLoopback  = "/ip4/127.0.0.1/tcp/0"
	quicLoopback = "/ip4/127.0.0.1/udp/0/quic-v1"
)

func newKey(tb testing.TB) crypto.PrivKey {
	tb.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func newPeer(tb testing.TB) peer.ID {
	tb.Helper()
	id, err := peer.IDFromPrivateKey(newKey(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// start makes a host that is closed with the test.
func start(tb testing.TB, cfg host.Config) corehost.Host {
	tb.Helper()
	if cfg.Key == nil {
		cfg.Key = newKey(tb)
	}
	h, err := host.New(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

func listenOn(tb testing.TB, addrs ...string) corehost.Host {
	tb.Helper()
	return start(tb, host.Config{Listen: addrs})
}

func info(h corehost.Host, addrs ...multiaddr.Multiaddr) peer.AddrInfo {
	if len(addrs) == 0 {
		addrs = h.Network().ListenAddresses()
	}
	return peer.AddrInfo{ID: h.ID(), Addrs: addrs}
}

// connect returns a's connection to b and b's to a.
func connect(tb testing.TB, a, b corehost.Host) (ab, ba network.Conn) {
	tb.Helper()
	if err := a.Connect(tb.Context(), info(b)); err != nil {
		tb.Fatal(err)
	}
	return a.Network().ConnsToPeer(b.ID())[0], waitConn(tb, b, a.ID())
}

// waitConn waits until h has a connection to p: the dialler knows it first.
func waitConn(tb testing.TB, h corehost.Host, p peer.ID) network.Conn {
	tb.Helper()
	connected := make(chan network.Conn, 1)
	n := &network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
		if c.RemotePeer() == p {
			select {
			case connected <- c:
			default:
			}
		}
	}}
	h.Network().Notify(n)
	defer h.Network().StopNotify(n)
	if conns := h.Network().ConnsToPeer(p); len(conns) > 0 {
		return conns[0]
	}
	select {
	case c := <-connected:
		return c
	case <-tb.Context().Done():
		tb.Fatal("no connection")
		return nil
	}
}

func TestConnectionsArePostQuantum(t *testing.T) {
	for name, addr := range map[string]string{"tcp": tcpLoopback, "quic-v1": quicLoopback} {
		t.Run(name, func(t *testing.T) {
			ab, ba := connect(t, listenOn(t, addr), listenOn(t, addr))
			for _, c := range []network.Conn{ab, ba} {
				if got := c.ConnState().Transport; got != name {
					t.Errorf("transport %q", got)
				}
				if !host.PostQuantum(c) {
					t.Errorf("%v: classical", c)
				}
			}
		})
	}
}

func TestMuxerIsAgreedOnInTheHandshake(t *testing.T) {
	ab, ba := connect(t, listenOn(t, tcpLoopback), listenOn(t, tcpLoopback))
	for _, c := range []network.Conn{ab, ba} {
		s := c.ConnState()
		if !s.UsedEarlyMuxerNegotiation || s.StreamMultiplexer != "/yamux/1.0.0" || s.Security != "/tls/1.0.0" {
			t.Errorf("%+v", s)
		}
	}
}

func TestIdentifySaysLittle(t *testing.T) {
	a, b := listenOn(t, tcpLoopback), listenOn(t, tcpLoopback)
	connect(t, a, b)
	agent, err := a.Peerstore().Get(b.ID(), "AgentVersion")
	if err != nil || agent != host.UserAgent {
		t.Errorf("agent %v, %v", agent, err)
	}
	protocols, err := a.Peerstore().GetProtocols(b.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range protocols {
		if p != "/ipfs/id/1.0.0" && p != "/ipfs/id/push/1.0.0" {
			t.Errorf("serves %s", p)
		}
	}
}

func TestNewNeedsKey(t *testing.T) {
	if _, err := host.New(t.Context(), host.Config{}); err == nil {
		t.Fatal("no error")
	}
}

func TestNewStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := host.New(ctx, host.Config{Key: newKey(t)}); err == nil {
		t.Fatal("no error")
	}
}

func TestNewRefusesWithoutPostQuantum(t *testing.T) {
	t.Setenv("GODEBUG", "tlsmlkem=0")
	_, err := host.New(t.Context(), host.Config{Key: newKey(t)})
	if !errors.Is(err, host.ErrNoPostQuantum) || !strings.Contains(err.Error(), "GODEBUG") {
		t.Fatalf("error %v", err)
	}
}
