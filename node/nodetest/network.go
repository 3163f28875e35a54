package nodetest

import (
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"
)

// Network carries UDP packets between its sockets. The zero value is empty and
// ready. It is safe for concurrent use.
type Network struct {
	// Delay is how long each packet is under way. Set it before the first is.
	Delay time.Duration

	mu      sync.Mutex
	sockets map[string]*socket
	cut     map[string]bool // IP addresses
	parted  map[[2]string]bool
	sent    map[string]bool // addresses that packets were sent to
	spoke   map[[2]string]bool

	packets, bytes atomic.Int64
}

// Options make one libp2p host use the network, where it may listen at any IP
// address that is its own. Hosts that are given the same options, one after the
// other, are on one machine.
func (n *Network) Options() []libp2p.Option {
	var source fixedSource
	return []libp2p.Option{libp2p.QUICReuse(func(lc fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey) (*quicreuse.ConnManager, error) {
		m, err := quicreuse.NewConnManager(reset, token,
			quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return &source, nil }),
			quicreuse.OverrideListenUDP(func(_ string, a *net.UDPAddr) (net.PacketConn, error) {
				at := *a
				if at.IP.IsUnspecified() { // to dial from: a second host of one machine
					at.IP = source.ip
				}
				source.ip = at.IP
				return n.listen(&at), nil
			}))
		if err == nil {
			lc.Append(fx.StopHook(m.Close))
		}
		return m, err
	})}
}

// Cut stops all packets from and to an IP address, as if its machine were
// frozen or its cable out; or lets them pass again.
func (n *Network) Cut(ip string, off bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut == nil {
		n.cut = map[string]bool{}
	}
	n.cut[ip] = off
}

// Part stops all packets between two IP addresses, as if nothing connected their
// networks; false lets them through again.
func (n *Network) Part(a, b string, off bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.parted == nil {
		n.parted = map[[2]string]bool{}
	}
	n.parted[[2]string{min(a, b), max(a, b)}] = off
}

// Traffic returns how many packets were handed to the network so far, and their
// bytes without headers.
func (n *Network) Traffic() (packets, bytes int64) { return n.packets.Load(), n.bytes.Load() }

// Sent returns the addresses, IP and port, that packets were sent to, whether
// or not somebody is there, in order.
func (n *Network) Sent() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.sent))
}

// Spoke reports whether a packet was sent from one IP address to another, whether or not
// it arrived.
func (n *Network) Spoke(from, to string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.spoke[[2]string{from, to}]
}

type fixedSource struct{ ip net.IP }

func (s *fixedSource) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) { return s.ip, nil }

func (n *Network) listen(a *net.UDPAddr) *socket {
	port0 := a.Port == 0
	s := &socket{
		net: n, addr: a,
		in: make(chan packet, 256), closed: make(chan struct{}), woken: make(chan struct{}, 1),
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets == nil {
		n.sockets = map[string]*socket{}
	}
	for a.Port == 0 || n.sockets[a.String()] != nil && port0 {
		a.Port = 1024 + rand.N(60_000)
	}
	n.sockets[a.String()] = s
	return s
}

// route returns the socket to which packets from one address to another go.
func (n *Network) route(from, to *net.UDPAddr) *socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sent == nil {
		n.sent, n.spoke = map[string]bool{}, map[[2]string]bool{}
	}
	n.sent[to.String()] = true
	a, b := from.IP.String(), to.IP.String()
	n.spoke[[2]string{a, b}] = true
	if n.cut[a] || n.cut[b] || n.parted[[2]string{min(a, b), max(a, b)}] {
		return nil
	}
	return n.sockets[to.String()]
}

type packet struct {
	data []byte
	from net.Addr
	due  time.Time // when it arrives
}

type socket struct {
	net    *Network
	addr   *net.UDPAddr
	in     chan packet
	close  sync.Once
	closed chan struct{}
	woken  chan struct{} // by a read deadline
	next   *packet       // has been taken out of in, and is under way still; of the one that reads
}

func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	if s.next == nil {
		select {
		case p := <-s.in:
			s.next = &p
		case <-s.woken:
			return 0, nil, os.ErrDeadlineExceeded
		case <-s.closed:
			return 0, nil, net.ErrClosed
		}
	}
	if wait := time.Until(s.next.due); wait > 0 {
		select {
		case <-time.After(wait):
		case <-s.woken:
			return 0, nil, os.ErrDeadlineExceeded
		case <-s.closed:
			return 0, nil, net.ErrClosed
		}
	}
	p := s.next
	s.next = nil
	return copy(b, p.data), p.from, nil
}

func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.net.packets.Add(1)
	s.net.bytes.Add(int64(len(b)))
	if peer := s.net.route(s.addr, to.(*net.UDPAddr)); peer != nil {
		select {
		case peer.in <- packet{append([]byte(nil), b...), s.addr, time.Now().Add(s.net.Delay)}:
		default: // full: lost
		}
	}
	return len(b), nil
}

func (s *socket) Close() error {
	s.close.Do(func() {
		close(s.closed)
		s.net.mu.Lock()
		defer s.net.mu.Unlock()
		if s.net.sockets[s.addr.String()] == s {
			delete(s.net.sockets, s.addr.String())
		}
	})
	return nil
}

// SetReadDeadline knows what quic-go needs: now, to interrupt a read, or never.
func (s *socket) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		select {
		case s.woken <- struct{}{}:
		default:
		}
	}
	return nil
}

func (s *socket) LocalAddr() net.Addr              { return s.addr }
func (s *socket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
