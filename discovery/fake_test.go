package discovery_test

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/discovery"
)

// source is a Source that says what the test tells it to.
type source struct {
	name   string
	public bool
	fail   error // what Serve returns at once, if not nil

	mu     sync.Mutex
	offer  func(discovery.Candidate)
	served int
	sets   int
	tell   []discovery.Key
	sought []discovery.ID
	ifaces []discovery.Interface
}

func (s *source) Name() string { return s.name }
func (s *source) Public() bool { return s.public }

func (s *source) Serve(ctx context.Context, offer func(discovery.Candidate)) error {
	s.mu.Lock()
	s.offer = offer
	s.served++
	s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	<-ctx.Done()
	return nil
}

func (s *source) SetTargets(_ []discovery.Target, tell []discovery.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets++
	s.tell = tell
}

func (s *source) Seek(id discovery.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sought = append(s.sought, id)
}

func (s *source) NetworkChanged(i []discovery.Interface) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ifaces = i
}

// network is a Network that changes when the test says so.
type network struct {
	mu      sync.Mutex
	ifaces  []discovery.Interface
	changed func()
}

func (n *network) Interfaces() ([]discovery.Interface, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ifaces, nil
}

func (n *network) Watch(ctx context.Context, changed func()) error {
	n.mu.Lock()
	n.changed = changed
	n.mu.Unlock()
	changed()
	<-ctx.Done()
	return nil
}

// set replaces the addresses of the one interface and says so.
func (n *network) set(prefixes ...string) {
	n.mu.Lock()
	n.ifaces = []discovery.Interface{iface(prefixes...)}
	changed := n.changed
	n.mu.Unlock()
	if changed != nil {
		changed()
	}
}

func iface(prefixes ...string) discovery.Interface {
	i := discovery.Interface{Index: 1, Name: "eth0", Flags: net.FlagUp | net.FlagRunning | net.FlagMulticast}
	for _, p := range prefixes {
		i.Prefixes = append(i.Prefixes, netip.MustParsePrefix(p))
	}
	return i
}

// cache is a Cache in memory.
type cache struct {
	mu    sync.Mutex
	addrs map[discovery.ID][]peer.AddrInfo
}

func (c *cache) Addrs(id discovery.ID) []peer.AddrInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addrs[id]
}

func (c *cache) Worked(id discovery.ID, at peer.AddrInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.addrs == nil {
		c.addrs = map[discovery.ID][]peer.AddrInfo{}
	}
	c.addrs[id] = append(c.addrs[id], at)
}

// at returns an AddrInfo; an empty peer is allowed.
func at(p peer.ID, addrs ...string) peer.AddrInfo {
	info := peer.AddrInfo{ID: p}
	for _, a := range addrs {
		info.Addrs = append(info.Addrs, ma.StringCast(a))
	}
	return info
}

// drain returns the candidates that wait.
func drain(t testing.TB, m *discovery.Manager) (out []discovery.Found) {
	t.Helper()
	synctest.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for {
		got := make(chan discovery.Found, 1)
		go func() {
			defer close(got)
			if f, err := m.Next(ctx); err == nil {
				got <- f
			}
		}()
		synctest.Wait()
		select {
		case f := <-got:
			out = append(out, f)
		default:
			cancel()
			<-got
			return out
		}
	}
}

// strings lists the addresses of candidates in order, each with its source.
func addrsOf(found []discovery.Found) (out []string) {
	for _, f := range found {
		for _, a := range f.Peer.Addrs {
			out = append(out, f.Source+" "+a.String())
		}
	}
	return out
}
