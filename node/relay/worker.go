package relay

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"
)

// rank is how much we like to be served by somebody: least first.
type rank int

const (
	given rank = iota
	offered
	found
)

// candidate is a peer that may serve.
type candidate struct {
	peer.AddrInfo
	rank    rank
	since   time.Time
	due     time.Time // not before
	pause   time.Duration
	trying  bool
	doubt   bool                // it may be dead: to be asked
	doubted bool                // it is tried because of that
	overTCP bool                // asked over TCP alone
	granted *client.Reservation // nil: none
	renewed time.Time           // when it was granted last
}

// outcome is how an attempt went.
type outcome struct {
	peer    peer.ID
	granted *client.Reservation
	err     error
}

// discovery is how a search went.
type discovery struct {
	peers []peer.AddrInfo
	err   error
}

// worker does what a Keeper promises. One goroutine, run, owns it; attempts and
// searches run beside it.
type worker struct {
	*Keeper
	told       event.Emitter
	candidates map[peer.ID]*candidate
	public     bool // somebody can dial us
	outcomes   chan outcome
	searches   chan discovery
	searching  bool
	find       time.Time // not before
	findPause  time.Duration
	last       []ma.Multiaddr // told last
}

func newWorker(k *Keeper, told event.Emitter) *worker {
	w := &worker{
		Keeper: k, told: told, candidates: map[peer.ID]*candidate{},
		outcomes: make(chan outcome), searches: make(chan discovery),
	}
	for _, p := range k.cfg.Given {
		w.learn(p, given)
	}
	for _, p := range k.cfg.Known {
		w.learn(p, found)
	}
	return w
}

const never = 1<<63 - 1 // of a timer

var errShort = errors.New("the relay serves for too short a time")

func (w *worker) run(ctx context.Context, news <-chan any) {
	ctx, cancel := context.WithCancel(ctx)
	running := 0
	defer func() {
		cancel()
		for ; running > 0; running-- {
			select {
			case <-w.outcomes:
			case <-w.searches:
			}
		}
	}()
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		next := w.work(ctx, &running)
		w.tell()
		timer.Reset(never)
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-timer.C:
		case o := <-w.outcomes:
			running--
			w.ended(o)
		case d := <-w.searches:
			running--
			w.searched(d)
		case p := <-w.offers:
			w.learn(p, offered)
		case <-w.moved:
			w.afresh()
		case <-w.doubts:
			w.doubt()
		case e := <-news:
			w.hear(e)
		case <-ctx.Done():
			return
		}
	}
}

// work starts what is due and returns when something is next; zero: when something
// happens.
func (w *worker) work(ctx context.Context, running *int) (next time.Time) {
	now := time.Now()
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	lack := Wanted
	if w.public {
		lack = 0
	}
	for _, c := range w.candidates {
		if c.granted == nil {
			continue
		}
		lack--
		switch at := c.renewal(); {
		case c.trying || w.public:
		case now.Before(c.due): // it was refused of late
			soonest(c.due)
		case at.After(now) && !c.doubt:
			soonest(at)
		default:
			w.try(ctx, c, running)
		}
	}
	for _, c := range w.ready() {
		switch {
		case lack <= 0:
			return next
		case c.trying:
			if !c.doubted { // who did not answer does not now either, most likely
				lack--
			}
		case c.due.After(now):
			soonest(c.due)
		default:
			lack--
			w.try(ctx, c, running)
		}
	}
	if lack <= 0 || w.cfg.Find == nil || w.searching {
		return next
	}
	if w.find.After(now) {
		soonest(w.find)
		return next
	}
	w.searching = true
	*running++
	go func() {
		ctx, cancel := context.WithTimeout(ctx, findTimeout)
		defer cancel()
		peers, err := w.cfg.Find(ctx)
		w.searches <- discovery{peers, err}
	}()
	return next
}

// renewal is when to renew: when a quarter of the time is left or five minutes are, and
// once in half an hour, for our clock may be slow.
func (c *candidate) renewal() time.Time {
	lasts := c.granted.Expiration.Sub(c.renewed)
	return c.renewed.Add(min(lasts-min(lasts/4, 5*time.Minute), maxLife))
}

// ready returns those without a reservation in the order in which they are tried.
func (w *worker) ready() (list []*candidate) {
	for _, c := range w.candidates {
		if c.granted == nil {
			list = append(list, c)
		}
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	slices.SortStableFunc(list, func(a, b *candidate) int {
		return cmp.Or(-cmpBool(a.trying, b.trying), cmp.Compare(a.rank, b.rank))
	})
	return list
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (w *worker) try(ctx context.Context, c *candidate, running *int) {
	info, doubt := c.AddrInfo, c.doubt
	if c.granted == nil {
		tcp := ma.FilterAddrs(info.Addrs, isTCP)
		c.overTCP = c.pause == 0 && len(tcp) > 0 && w.seenOverQUIC()
		if c.overTCP {
			info.Addrs = tcp
		}
	}
	c.trying, c.doubt, c.doubted = true, false, doubt
	*running++
	go func() {
		granted, err := w.reserve(ctx, info, doubt)
		w.outcomes <- outcome{info.ID, granted, err}
	}()
}

// seenOverQUIC tells whether a relay sees us over QUIC, or is about to. Another one is
// then first asked over TCP: a hole is punched where we have been seen, and the other
// side may be able to do one of both only.
func (w *worker) seenOverQUIC() bool {
	for _, c := range w.candidates {
		if (c.trying || c.granted != nil) && !c.overTCP && slices.ContainsFunc(c.Addrs, isQUIC) {
			return true
		}
	}
	return false
}

// ended notes how an attempt went. Whoever cannot renew goes on until it runs out.
func (w *worker) ended(o outcome) {
	c := w.candidates[o.peer]
	c.trying = false
	if o.err == nil && time.Until(o.granted.Expiration) < minLife {
		o.err = errShort // it would have us ask again and again
	}
	w.note(o.err)
	if o.err != nil {
		w.cfg.Log.Debug("no reservation", "relay", o.peer, "error", o.err)
		c.pause = min(max(firstPause, c.longer()), maxPause)
		c.due = time.Now().Add(jittered(c.pause))
		if c.granted != nil && !time.Now().Before(c.granted.Expiration) {
			w.drop(c)
		}
		return
	}
	if w.cfg.Host.Network().Connectedness(o.peer) != network.Connected {
		return // it has gone since; hear has no word of that any more
	}
	fresh := c.granted == nil
	if fresh {
		w.cfg.Log.Info("reached by a relay", "relay", o.peer)
	}
	c.granted, c.renewed, c.pause, c.due = o.granted, time.Now(), 0, time.Time{}
	if conns := w.cfg.Host.Network().ConnsToPeer(o.peer); fresh && w.cfg.Granted != nil && len(conns) > 0 {
		w.cfg.Granted(bare(conns[0].RemoteMultiaddr()).Encapsulate(ma.StringCast("/p2p/" + o.peer.String())))
	}
	w.findPause = 0
	w.cfg.Host.ConnManager().Protect(o.peer, "truce-relay")
	w.release()
}

// release gives up a reservation too many: of one who was given up for dead and came
// back, or took its place.
func (w *worker) release() {
	var held []*candidate
	for _, c := range w.candidates {
		if c.granted != nil {
			held = append(held, c)
		}
	}
	if len(held) > Wanted {
		w.drop(slices.MaxFunc(held, func(a, b *candidate) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), a.renewed.Compare(b.renewed))
		}))
	}
}

// longer is the next pause after one that did not help. Who was named or has served is
// most likely to come back: of an outage the pause is a quarter at most, so that little
// more is lost.
func (c *candidate) longer() time.Duration {
	if c.rank == given || !c.renewed.IsZero() {
		return c.pause + c.pause/4
	}
	return 2 * c.pause
}

func (w *worker) searched(d discovery) {
	w.searching = false
	w.note(d.err)
	for _, p := range d.peers {
		w.learn(p, found)
	}
	w.findPause = min(max(firstFind, 2*w.findPause), maxFind)
	w.find = time.Now().Add(jittered(w.findPause))
}

// learn notes somebody who may serve.
func (w *worker) learn(p peer.AddrInfo, r rank) {
	if p.ID == w.cfg.Host.ID() {
		return
	}
	if c := w.candidates[p.ID]; c != nil {
		c.rank = min(c.rank, r)
		if r != given {
			c.Addrs = p.Addrs
		}
		if r == offered {
			c.due, c.pause = time.Time{}, 0 // it is there
		}
		return
	}
	w.candidates[p.ID] = &candidate{AddrInfo: p, rank: r, since: time.Now()}
	w.forget()
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.known)
	for id := range w.candidates {
		w.known[id] = true
	}
}

// forget drops the oldest of too many.
func (w *worker) forget() {
	var oldest *candidate
	n := 0
	for _, c := range w.candidates {
		if c.rank == given || c.granted != nil || c.trying {
			continue
		}
		n++
		if oldest == nil || c.since.Before(oldest.since) {
			oldest = c
		}
	}
	if n > maxCandidates {
		delete(w.candidates, oldest.ID)
	}
}

// hear takes in what the host says.
func (w *worker) hear(e any) {
	switch e := e.(type) {
	case event.EvtHostReachableAddrsChanged:
		w.public = len(e.Reachable) > 0
		for _, c := range w.candidates {
			if w.public && c.granted != nil {
				w.drop(c)
			}
		}
	case event.EvtPeerConnectednessChanged:
		c := w.candidates[e.Peer]
		if c != nil && c.granted != nil && w.cfg.Host.Network().Connectedness(e.Peer) != network.Connected {
			w.drop(c)
			w.find = time.Time{}
		}
	}
}

// drop forgets a reservation. The relay may come back: others are asked before it.
func (w *worker) drop(c *candidate) {
	w.cfg.Log.Info("not reached by a relay any more", "relay", c.ID)
	c.granted = nil
	c.pause = firstPause
	c.due = time.Now().Add(jittered(c.pause))
	w.cfg.Host.ConnManager().Unprotect(c.ID, "truce-relay")
}

// afresh forgets what failed.
func (w *worker) afresh() {
	w.find, w.findPause = time.Time{}, 0
	for _, c := range w.candidates {
		c.due, c.pause = time.Time{}, 0
	}
	w.doubt()
}

// doubt has the relays in use asked anew: a connection that is dead does not say so for
// half a minute.
func (w *worker) doubt() {
	for _, c := range w.candidates {
		c.doubt = c.granted != nil
	}
}

func (w *worker) note(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Err = err
}

// tell tells the host, and Status, of what has changed.
func (w *worker) tell() {
	var relays []Relay
	var all []ma.Multiaddr
	for _, c := range w.candidates {
		if c.granted != nil {
			r := Relay{Peer: c.ID, Addrs: w.by(c), Expires: c.granted.Expiration, Limit: c.granted.LimitDuration}
			relays = append(relays, r)
			all = append(all, r.Addrs...)
		}
	}
	slices.SortFunc(relays, func(a, b Relay) int { return cmp.Compare(a.Peer, b.Peer) })
	slices.SortFunc(all, ma.Multiaddr.Compare)
	w.mu.Lock()
	w.status.Reachable, w.status.Relays, w.status.Known = w.public, relays, len(w.candidates)
	w.mu.Unlock()
	if !slices.EqualFunc(all, w.last, ma.Multiaddr.Equal) {
		w.last = all
		if err := w.told.Emit(event.EvtAutoRelayAddrsUpdated{RelayAddrs: slices.Clone(all)}); err != nil {
			w.cfg.Log.Warn("cannot tell of relays", "error", err)
		}
	}
}

// jittered is d, up to a quarter less or more.
func jittered(d time.Duration) time.Duration { return d - d/4 + rand.N(d/2+1) }
