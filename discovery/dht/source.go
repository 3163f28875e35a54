// Package dht finds people by a DHT of libp2p: the public one of IPFS, or one of a
// network of one's own. It is a discovery.Source. What it writes and reads there are
// the sealed records of package rendezvous; DHT.md in package discovery is the
// specification.
//
// Promises. On the public network everything is done by a guest: a host with an
// identity of its own that is thrown away, so that no server learns that this address
// runs Truce or which node of it; five minutes after the last thing was done it leaves,
// and the next is another. Nothing is done for nobody: without keys, or
// without a network, there is no DHT and no timer. Each record is written once a slot,
// again every eight hours and when the addresses change; each target is looked up when it is
// sought, ever more seldom: all with jitter, and never more than four at a time.
//
// The caller owes one call of Serve at a time, and hosts that outlive it.
package dht

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/truce-im/truce/discovery"
)

// Name is Found.Source of what comes from here.
const Name = "dht"

// Config says which DHT. Node is required.
type Config struct {
	// Node is whose addresses are written. If Guest is nil it also takes part in
	// the DHT.
	Node host.Host

	// Client tells, whenever something is done, whether Node takes part as a client now,
	// for others could not reach it: who asks a server that is not reached waits. nil: it
	// serves.
	Client func() bool

	// Guest makes a host that takes part in the place of Node, as a client. It is
	// closed when it is not needed any more.
	Guest func() (host.Host, error)

	// Prefix begins the names of the protocols of a network of one's own; empty: the
	// public network of IPFS.
	Prefix protocol.ID

	// Bootstrap are peers by which one enters.
	Bootstrap []peer.AddrInfo

	// Log may be nil.
	Log *slog.Logger
}

// Source is a discovery.Source. Make it with New.
type Source struct {
	cfg  Config
	note chan struct{} // 1 deep: something below has changed

	mu      sync.Mutex
	targets []discovery.Target
	tell    []discovery.Key
	sought  map[discovery.ID]bool
	errand  *errand // relays are asked for; nil: none
	network bool    // there is one
	moved   bool    // it has changed
	retry   bool    // there may be a way into it
	status  Status
}

// Status tells how the DHT fares. Times are zero for never.
type Status struct {
	On        bool // there are keys and a network
	Peers     int  // in the routing table, when something was done last
	Published time.Time
	Looked    time.Time // when the last look-up ended, whatever it found
	Found     time.Time // when one found somebody
	Err       error     // of what was tried last; nil: it went well
}

// New makes a source. It does nothing until it is served.
func New(cfg Config) *Source {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Source{cfg: cfg, note: make(chan struct{}, 1), sought: map[discovery.ID]bool{}}
}

// Name implements discovery.Source.
func (s *Source) Name() string { return Name }

// Public implements discovery.Source.
func (s *Source) Public() bool { return true }

// Status is safe for concurrent use.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// SetTargets implements discovery.Source.
func (s *Source) SetTargets(targets []discovery.Target, tell []discovery.Key) {
	s.change(func() { s.targets, s.tell = targets, tell })
}

// Seek implements discovery.Source.
func (s *Source) Seek(id discovery.ID) {
	s.change(func() { s.sought[id] = true })
}

// Retry has it try at once to enter the network, if there was no way into it: something
// else has found one out of here.
func (s *Source) Retry() {
	s.change(func() { s.retry = true })
}

// NetworkChanged implements discovery.Source.
func (s *Source) NetworkChanged(ifaces []discovery.Interface) {
	up := false
	for _, i := range ifaces {
		for _, p := range i.Prefixes {
			up = up || i.Up() && p.Addr().IsGlobalUnicast()
		}
	}
	s.change(func() { s.network, s.moved = up, true })
}

func (s *Source) change(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	select {
	case s.note <- struct{}{}:
	default:
	}
}

// Serve implements discovery.Source.
func (s *Source) Serve(ctx context.Context, offer func(discovery.Candidate)) error {
	w := worker{source: s, offer: offer, jobs: map[jobID]*job{}, done: make(chan result)}
	defer func() {
		w.close()
		s.counted(0)
	}()
	return w.run(ctx)
}

// tried notes how the last attempt went.
func (s *Source) tried(err error, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Err = err
	now := time.Now()
	switch {
	case r.id.look:
		s.status.Looked = now
		if r.found {
			s.status.Found = now
		}
	case err == nil && !r.next.IsZero():
		s.status.Published = now
	}
}

func (s *Source) counted(peers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Peers = peers
}
