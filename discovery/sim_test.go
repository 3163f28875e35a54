package discovery

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ether is a network in memory: every packet reaches everybody at once.
type ether struct {
	mu    sync.Mutex
	ends  map[*end]bool
	began time.Time
	log   []sent
}

// sent is a packet that was on the ether.
type sent struct {
	at   time.Duration // since the ether began
	by   *end
	data []byte
}

// end is one machine's transport.
type end struct {
	net  *ether
	addr netip.Addr
	in   chan heardPacket
	fail error // of send
}

func newEther() *ether { return &ether{ends: map[*end]bool{}, began: time.Now()} }

func (e *end) join([]Interface)          {}
func (e *end) heard() <-chan heardPacket { return e.in }
func (e *end) broken() <-chan error      { return nil }

func (e *end) close() {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	delete(e.net.ends, e)
}

func (e *end) send(_ Interface, b []byte) error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.fail != nil {
		return e.fail
	}
	e.net.log = append(e.net.log, sent{time.Since(e.net.began), e, b})
	for o := range e.net.ends {
		select {
		case o.in <- heardPacket{data: b, iface: 1, from: e.addr.As16()}:
		default:
		}
	}
	return nil
}

// fails makes sending fail from now on.
func (e *end) fails(err error) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	e.fail = err
}

// sent returns what e put on the ether so far.
func (e *end) sent() (out []sent) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	for _, s := range e.net.log {
		if s.by == e {
			out = append(out, s)
		}
	}
	return out
}

// announced is what e sent but for queries.
func (e *end) announced(t *testing.T) []sent {
	return slices.DeleteFunc(e.sent(), func(s sent) bool { return mustParse(t, s.data).query })
}

// host is a machine on the ether that runs the mDNS source alone.
type host struct {
	*mdns
	*end
	found chan Candidate
}

func (e *ether) host(t *testing.T, self peer.ID, ip string) *host {
	addr := netip.MustParseAddr(ip)
	h := &host{end: &end{net: e, addr: addr, in: make(chan heardPacket, maxHeard)}, found: make(chan Candidate, 1000)}
	h.mdns = newMDNS(self, func() (int, int) { return 4001, 4002 }, slog.New(slog.DiscardHandler))
	h.mdns.open = func() (transport, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.ends[h.end] = true
		return h.end, nil
	}
	h.NetworkChanged([]Interface{{
		Index: 1, Name: "eth0",
		Flags:    net.FlagUp | net.FlagRunning | net.FlagMulticast,
		Prefixes: []netip.Prefix{netip.PrefixFrom(addr, 24)},
	}})
	return h
}

// serve runs the host until the test ends or stop is called.
func (h *host) serve(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, func(c Candidate) { h.found <- c }) })
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// next waits for the next candidate; what does not come within a virtual hour
// fails the test.
func (h *host) next(t *testing.T) Candidate {
	t.Helper()
	select {
	case c := <-h.found:
		return c
	case <-time.After(time.Hour):
		t.Fatal("nothing was found")
		panic("unreachable")
	}
}

func testKey(b ...byte) (k Key) { copy(k[:], b); return k }

// keys returns n different keys; the tag tells sets apart.
func keys(tag byte, n int) (out []Key) {
	for i := range n {
		out = append(out, testKey(tag, byte(i), byte(i>>8)))
	}
	return out
}

const (
	aliceID = peer.ID("\x00\x04alic")
	bobID   = peer.ID("\x00\x04bobb")
)

func virtually(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
