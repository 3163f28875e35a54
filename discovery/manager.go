package discovery

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// debounce is how long interfaces may settle before a change is acted on: a
// cable plugged in makes a burst of events.
const debounce = 100 * time.Millisecond

// Manager merges sources into one stream of candidates. It implements Finder.
type Manager struct {
	cfg     Config
	log     *slog.Logger
	sources []Source
	lan     *mdns         // among the sources; nil: none
	changes chan struct{} // NetworkChanges
	events  chan struct{} // the network may have changed; buffer 1
	ready   chan struct{} // a candidate waits; buffer 1

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	setting sync.Mutex // held over SetTargets, so that sources see the sets in order

	mu       sync.Mutex
	targets  map[ID]*target
	tell     []Key // extraTell
	ifaces   []Interface
	queue    queue
	failures failures
	budgets  budgets
	trouble  map[string]error // of sources by name
}

// target is what the Manager knows of somebody sought.
type target struct {
	Target
	bucket bucket              // of candidates heard on the local network
	last   map[slot]*delivered // what was passed on, at most maxSlots
}

var _ Finder = (*Manager)(nil)

// New starts a Manager. It looks for nobody until SetTargets.
func New(cfg Config) *Manager {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Network == nil {
		cfg.Network = machine{}
	}
	if cfg.Ports == nil {
		cfg.Ports = func() (tcp, udp int) { return 0, 0 }
	}
	m := &Manager{
		cfg:     cfg,
		log:     cfg.Log,
		sources: slices.Clone(cfg.Sources),
		changes: make(chan struct{}, 1),
		events:  make(chan struct{}, 1),
		ready:   make(chan struct{}, 1),
		targets: map[ID]*target{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if cfg.MDNS {
		m.lan = newMDNS(cfg.Self, cfg.Ports, cfg.Log)
		m.sources = append(m.sources, m.lan)
	}
	m.refreshNetwork()
	m.wg.Go(m.watch)
	m.wg.Go(m.follow)
	for _, s := range m.sources {
		m.wg.Go(func() { m.serve(s) })
	}
	return m
}

// SetTargets implements Finder.
func (m *Manager) SetTargets(targets []Target, extraTell []Key) {
	m.setting.Lock()
	defer m.setting.Unlock()
	fresh, changed := m.replace(targets, extraTell)
	if !changed {
		return
	}
	targets = slices.Clone(targets)
	tell := allTell(targets, extraTell)
	near := withoutFar(targets)
	tellNear := allTell(near, extraTell)
	for _, s := range m.sources {
		if s.Public() {
			s.SetTargets(targets, tell)
		} else {
			s.SetTargets(near, tellNear)
		}
	}
	for _, id := range fresh {
		m.seekAddrs(id)
	}
}

// replace swaps the targets. It returns those that are new or have other
// addresses than before, and whether anything differs.
func (m *Manager) replace(targets []Target, extraTell []Key) (fresh []ID, changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed = len(targets) != len(m.targets) || !slices.Equal(extraTell, m.tell)
	next := make(map[ID]*target, len(targets))
	for _, t := range targets {
		old := m.targets[t.ID]
		switch {
		case old == nil:
			next[t.ID] = &target{Target: t, bucket: heardBucket(), last: map[slot]*delivered{}}
		default:
			next[t.ID] = &target{Target: t, bucket: old.bucket, last: old.last}
			if reflect.DeepEqual(old.Target, t) {
				continue
			}
		}
		changed = true
		fresh = append(fresh, t.ID)
	}
	m.targets = next
	m.tell = slices.Clone(extraTell)
	m.queue.keep(func(id ID) bool { return next[id] != nil })
	return fresh, changed
}

// withoutFar returns the targets with nothing to tell to those that are Far.
func withoutFar(targets []Target) []Target {
	near := slices.Clone(targets)
	for i := range near {
		if near[i].Far {
			near[i].Tell = nil
		}
	}
	return near
}

// allTell lists every key to announce under, each once.
func allTell(targets []Target, extra []Key) []Key {
	var out []Key
	seen := map[Key]bool{}
	add := func(keys []Key) {
		for _, k := range keys {
			if !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	add(extra)
	for _, t := range targets {
		add(t.Tell)
	}
	return out
}

// Seek implements Finder.
func (m *Manager) Seek(id ID) {
	if !m.seekAddrs(id) {
		return
	}
	for _, s := range m.sources {
		s.Seek(id)
	}
}

// seekAddrs offers the addresses at hand, and lets sources repeat themselves.
// It reports whether the target exists.
func (m *Manager) seekAddrs(id ID) bool {
	var known []peer.AddrInfo
	if m.cfg.Cache != nil {
		known = m.cfg.Cache.Addrs(id)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.targets[id]
	if t == nil {
		return false
	}
	for _, d := range t.last {
		d.wanted = true
	}
	m.enqueueAll(t, SourceKnown, known, anyAddr)
	m.enqueueAll(t, SourceUser, t.Given, unicastAddr)
	m.enqueueAll(t, SourceLink, t.Hints, m.hintAddr)
	return true
}

// Next implements Finder.
func (m *Manager) Next(ctx context.Context) (Found, error) {
	for {
		if m.ctx.Err() != nil {
			return Found{}, ErrClosed
		}
		m.mu.Lock()
		f, ok := m.queue.pop()
		m.mu.Unlock()
		if ok {
			return f, nil
		}
		select {
		case <-m.ready:
		case <-m.ctx.Done():
		case <-ctx.Done():
			return Found{}, ctx.Err()
		}
	}
}

// Report implements Finder.
func (m *Manager) Report(f Found, err error) {
	m.mu.Lock()
	t := m.targets[f.ID]
	if err == nil {
		m.failures.forget(f)
	} else {
		m.failures.add(f, time.Now())
		if t != nil {
			t.failed(f)
		}
	}
	m.mu.Unlock()
	if err == nil && t != nil && m.cfg.Cache != nil {
		m.cfg.Cache.Worked(f.ID, f.Peer)
	}
}

// NetworkChanges implements Finder.
func (m *Manager) NetworkChanges() <-chan struct{} { return m.changes }

// Close implements Finder.
func (m *Manager) Close() error {
	m.cancel()
	m.wg.Wait()
	return nil
}

// signal leaves a note in a channel of buffer 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
