package host_test

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"

	"github.com/truce-im/truce/node/host"
)

// Two hosts in virtual time, which begins in the year 2000, on a network that
// exists in memory only.
func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memoryNet
		a := start(t, host.Config{Listen: []string{"/ip4/1.0.0.1/udp/8000/quic-v1"}, Options: n.options()})
		b := start(t, host.Config{Listen: []string{"/ip4/1.0.0.2/udp/8000/quic-v1"}, Options: n.options()})
		s := echoStream(t, a, b)
		if !host.PostQuantum(s.Conn()) {
			t.Error("classical")
		}
		time.Sleep(3 * day) // virtual: the connection is kept alive
		if err := pingPong(s, []byte("still there?")); err != nil {
			t.Error(err)
		}
	})
}

// However many strangers come and stay, there is room for another.
func TestStrangersGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memoryNet
		at := func(i int) host.Config {
			return host.Config{Listen: []string{fmt.Sprintf("/ip4/11.0.%d.%d/udp/8000/quic-v1", i/100, i%100+1)}, Options: n.options()}
		}
		server := start(t, at(0))
		to := peer.AddrInfo{ID: server.ID(), Addrs: server.Addrs()}
		for i := range host.MaxInbound + 20 {
			if err := start(t, at(i+1)).Connect(t.Context(), to); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		late := start(t, at(host.MaxInbound+100))
		if err := late.Connect(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if server.Network().Connectedness(late.ID()) != network.Connected {
			t.Errorf("it has %d connections, and no room", len(server.Network().Conns()))
		}
	})
}

// memoryNet carries UDP packets between its sockets, without loss or delay.
type memoryNet struct {
	mu      sync.Mutex
	sockets map[string]*memorySocket
}

// options make one host use the network.
func (n *memoryNet) options() []libp2p.Option {
	var source fixedSource
	newManager := func(lc fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey) (*quicreuse.ConnManager, error) {
		m, err := quicreuse.NewConnManager(reset, token,
			quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return &source, nil }),
			quicreuse.OverrideListenUDP(func(_ string, a *net.UDPAddr) (net.PacketConn, error) {
				source.ip = a.IP
				return n.listen(a), nil
			}))
		if err == nil {
			lc.Append(fx.StopHook(m.Close))
		}
		return m, err
	}
	return []libp2p.Option{libp2p.QUICReuse(newManager)}
}

type fixedSource struct{ ip net.IP }

func (s *fixedSource) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) { return s.ip, nil }

func (n *memoryNet) listen(a *net.UDPAddr) *memorySocket {
	s := &memorySocket{net: n, addr: a, in: make(chan packet, 256), closed: make(chan struct{}), woken: make(chan struct{}, 1)}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets == nil {
		n.sockets = make(map[string]*memorySocket)
	}
	n.sockets[a.String()] = s
	return s
}

type packet struct {
	data []byte
	from net.Addr
}

type memorySocket struct {
	net    *memoryNet
	addr   *net.UDPAddr
	in     chan packet
	close  sync.Once
	closed chan struct{}
	woken  chan struct{} // by a read deadline
}

func (s *memorySocket) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-s.in:
		return copy(b, p.data), p.from, nil
	case <-s.woken:
		return 0, nil, os.ErrDeadlineExceeded
	case <-s.closed:
		return 0, nil, net.ErrClosed
	}
}

func (s *memorySocket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.net.mu.Lock()
	peer := s.net.sockets[to.String()]
	s.net.mu.Unlock()
	if peer != nil {
		select {
		case peer.in <- packet{append([]byte(nil), b...), s.addr}:
		default: // full: lost
		}
	}
	return len(b), nil
}

func (s *memorySocket) Close() error {
	s.close.Do(func() { close(s.closed) })
	return nil
}

// SetReadDeadline knows what quic-go needs: now, to interrupt a read, or never.
func (s *memorySocket) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		select {
		case s.woken <- struct{}{}:
		default:
		}
	}
	return nil
}

func (s *memorySocket) LocalAddr() net.Addr              { return s.addr }
func (s *memorySocket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *memorySocket) SetWriteDeadline(time.Time) error { return nil }
