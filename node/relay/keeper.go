// Package relay keeps a host reachable that nobody can dial: it holds reservations at
// relays (circuit v2) and tells the host's own address book of them, from where they
// get into identify and into whatever is published.
//
// Promises. Reservations are asked for at once when they are wanted, renewed before
// they run out and replaced when a relay goes. Given relays come first, then those
// offered, then those that Find finds. Nothing is done while the host is known to be
// reachable, or has as many relays as it wants; no relay that fails is asked again
// before a pause, which grows; nothing is polled.
//
// The caller closes the Keeper before the host.
package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"
)

// Limits.
const (
	// Wanted is how many relays are kept: one may go without a gap.
	Wanted = 2

	maxCandidates = 64 // known beside those given; the oldest go first

	attemptTimeout = 10 * time.Second
	doubtTimeout   = 2 * time.Second
	findTimeout    = time.Minute

	minLife = 2 * time.Minute  // of a reservation that is worth something
	maxLife = 30 * time.Minute // of one that is not renewed

	firstPause = time.Second // after a failure; doubled by each further one
	maxPause   = 30 * time.Minute
	firstFind  = 15 * time.Second // between two searches that did not suffice; doubled by each
	maxFind    = 30 * time.Minute

	maxPerRelay = 3 // addresses told of one relay: a record has room for eight in all
)

// Config says what a Keeper works with. Host is required; it must be able to use
// relays.
type Config struct {
	Host host.Host

	// Given are relays that the user named.
	Given []peer.AddrInfo

	// Find looks for peers that may serve as relays. nil: nobody does.
	Find func(context.Context) ([]peer.AddrInfo, error)

	// Known are peers that served before, tried as those that Find finds.
	Known []peer.AddrInfo

	// Granted is told where a relay is that has begun to serve; it must not block for
	// long. nil: nobody is told.
	Granted func(at ma.Multiaddr)

	// Log may be nil.
	Log *slog.Logger
}

// Relay is one reservation.
type Relay struct {
	Peer    peer.ID
	Addrs   []ma.Multiaddr // ours by it
	Expires time.Time
	Limit   time.Duration // of one connection; 0: none
}

// Status tells how things stand.
type Status struct {
	Reachable bool // others can dial the host: no relay is wanted
	Relays    []Relay
	Known     int   // peers that may serve
	Err       error // of what was tried last; nil: it went well, or nothing was
}

// Keeper keeps the reservations of one host. It is safe for concurrent use.
type Keeper struct {
	cfg    Config
	cancel context.CancelFunc
	wg     sync.WaitGroup
	offers chan peer.AddrInfo
	moved  chan struct{} // 1 deep: the network has changed
	doubts chan struct{} // 1 deep: a relay may be dead

	mu     sync.Mutex
	status Status
	known  map[peer.ID]bool // who may serve
}

// New makes a Keeper. It does nothing before Start.
func New(cfg Config) *Keeper {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{cfg: cfg, cancel: func() {}, known: map[peer.ID]bool{}, offers: make(chan peer.AddrInfo), moved: make(chan struct{}, 1), doubts: make(chan struct{}, 1)}
}

// Start begins to keep relays for the host. It is called once.
func (k *Keeper) Start() error {
	bus := k.cfg.Host.EventBus()
	news, err := bus.Subscribe([]any{new(event.EvtPeerConnectednessChanged), new(event.EvtHostReachableAddrsChanged)}, eventbus.BufSize(64))
	if err != nil {
		return err
	}
	told, err := bus.Emitter(new(event.EvtAutoRelayAddrsUpdated), eventbus.Stateful)
	if err != nil {
		news.Close()
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	w := newWorker(k, told)
	k.wg.Go(func() {
		defer told.Close()
		defer news.Close()
		w.run(ctx, news.Out())
	})
	return nil
}

// Close ends what is under way; one that was not started may be closed, too. The reservations are left to run out: the relays
// forget them when the connections end.
func (k *Keeper) Close() {
	k.cancel()
	k.wg.Wait()
}

// Offer names a peer that may serve, such as a contact that does. It does not block
// for long, and does nothing after ctx has ended.
func (k *Keeper) Offer(ctx context.Context, p peer.AddrInfo) {
	select {
	case k.offers <- p:
	case <-ctx.Done():
	}
}

// NetworkChanged has all tried again that failed on the network before.
func (k *Keeper) NetworkChanged() { note(k.moved) }

// Doubt has the relays asked at once whether they are still there: something that went
// over one of them broke off.
func (k *Keeper) Doubt() { note(k.doubts) }

func note(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Status is safe for concurrent use.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.status
	s.Relays = append([]Relay(nil), s.Relays...)
	return s
}

// Knows tells whether a peer is one that may serve.
func (k *Keeper) Knows(p peer.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[p]
}

// reserve asks a peer for a reservation, after connecting to it if need be. A
// connection in doubt gets a moment to answer, and is made anew if it does not.
func (k *Keeper) reserve(ctx context.Context, p peer.AddrInfo, doubt bool) (*client.Reservation, error) {
	h := k.cfg.Host
	if doubt {
		if granted, err := k.ask(ctx, p.ID, doubtTimeout); err == nil {
			return granted, nil
		}
		h.Network().ClosePeer(p.ID)
	}
	if s, ok := h.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(p.ID) // the pace is ours to set
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if err := h.Connect(network.WithForceDirectDial(ctx, "relay"), p); err != nil {
		return nil, err
	}
	return k.ask(ctx, p.ID, attemptTimeout)
}

// ask closes the connection of a peer that does not answer in time: whatever else
// waits on it waits in vain.
func (k *Keeper) ask(ctx context.Context, p peer.ID, patience time.Duration) (*client.Reservation, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "relay"), patience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { k.cfg.Host.Network().ClosePeer(p) })
	defer stop()
	return client.Reserve(ctx, k.cfg.Host, peer.AddrInfo{ID: p})
}
