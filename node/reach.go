package node

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
)

// Pace of looking for contacts who are away. The first tries are quick, for
// somebody who restarts; then it costs next to nothing.
const (
	firstRetry = 1 * time.Second
	lastRetry  = 10 * time.Minute
	punchAgain = time.Hour // to who is linked by a relay, in the end
	maxDials   = 16        // under way at a time

	steady    = 5 * time.Second  // a link that ends sooner was of no use to us
	lastBrief = 15 * time.Second // between going to somebody whose links end so: a cable that is being plugged in is like that, too

	maxIdentified = 256 // news of where peers listen that wait for the disk, before libp2p does
)

// reach keeps this node linked with its contacts: it tells the finder whom to
// look for, dials whom it finds and looks again, ever more slowly, for those
// who are away. One goroutine (run) owns the schedule.
type reach struct {
	e     *endpoint
	log   *slog.Logger
	given []peer.AddrInfo // by the user: nobody knows whose they are
	trail *trails

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	dials  chan struct{}               // places for dials
	keys   map[announcer]discovery.Key // in use; target alone touches it

	identified event.Subscription // peers told where they listen

	mu      sync.Mutex
	due     map[wire.Account]retry
	sought  map[wire.Account]bool
	brief   map[wire.Account]retry    // those sought whose last link ended at once: when we may go there again
	asking  map[wire.Account]bool     // who asks to be a contact
	relayed map[wire.Account]*relayed // those linked by a relay alone
	begun   bool                      // those are sought who were known when it began
	kick    chan struct{}             // 1 deep: due has changed
}

// retry is when to look again for somebody, and how long to wait after that.
type retry struct {
	at    time.Time
	pause time.Duration
}

// relayed is how a direct way is sought to somebody who is linked by a relay. It outlives
// the link: many relays end one after minutes.
type relayed struct {
	pause   time.Duration // until it is looked for again
	punched time.Time     // when a hole was
}

// try tells whether a hole is to be punched now: where it has failed a dozen times it
// most likely fails, and they have hardly moved.
func (x *relayed) try(now time.Time, pause time.Duration) bool {
	x.pause = pause
	if pause >= lastRetry && now.Sub(x.punched) < punchAgain {
		return false
	}
	x.punched = now
	return true
}

// byRelay is how it stands with somebody who is linked by a relay. The caller holds mu.
func (r *reach) byRelay(a wire.Account) *relayed {
	if r.relayed[a] == nil {
		r.relayed[a] = &relayed{pause: firstRetry / 10}
	}
	return r.relayed[a]
}

func newReach(e *endpoint, log *slog.Logger, given []peer.AddrInfo, trail *trails) *reach {
	r := &reach{
		e: e, log: log, given: given, trail: trail,
		dials: make(chan struct{}, maxDials),
		due:   map[wire.Account]retry{}, sought: map[wire.Account]bool{}, brief: map[wire.Account]retry{}, relayed: map[wire.Account]*relayed{},
		kick: make(chan struct{}, 1),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

func (r *reach) start() (err error) {
	r.identified, err = r.e.host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted), eventbus.BufSize(maxIdentified))
	if err != nil {
		return err
	}
	r.wg.Go(r.target)
	r.wg.Go(r.run)
	r.wg.Go(r.take)
	r.wg.Go(r.follow)
	r.wg.Go(r.learn)
	for _, p := range r.given {
		r.wg.Go(func() { r.visit(p) })
	}
	return nil
}

func (r *reach) stop() {
	r.cancel()
	r.wg.Wait()
	if r.identified != nil {
		r.identified.Close()
	}
}

// take dials whom the finder finds.
func (r *reach) take() {
	for {
		found, err := r.e.finder.Next(r.ctx)
		if err != nil {
			return
		}
		a := wire.Account(found.ID)
		if found.Source == discovery.SourceMDNS {
			r.trail.heard(a)
		}
		if r.e.links.Direct(a) && found.Source != discovery.SourceMDNS || r.held(a) {
			continue
		}
		select {
		case r.dials <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		r.wg.Go(func() {
			defer func() { <-r.dials }()
			_, err := r.dial(found.Peer, a)
			if err == nil {
				return // Up has told where
			}
			r.log.Debug("dial failed", "source", found.Source, "peer", found.Peer.ID, "error", err)
			if r.ctx.Err() != nil {
				return
			}
			r.trail.failed(a, err)
			if found.Peer.Addrs = r.e.blamed(found.Peer.Addrs); !ours(found.Source) && len(found.Peer.Addrs) > 0 {
				r.e.finder.Report(found, err)
			}
		})
	}
}

// ours tells whether addresses come from where they do not change: the
// schedule alone says when to try them again.
func ours(source string) bool {
	return source == discovery.SourceKnown || source == discovery.SourceLink || source == discovery.SourceUser
}

func (r *reach) dial(p peer.AddrInfo, accounts ...wire.Account) (wire.Account, error) {
	p, accounts, err := r.e.hides.where(p, accounts)
	if err != nil {
		return wire.Account{}, err
	}
	if s, ok := r.e.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(p.ID) // the pace is ours to set
	}
	a, err := r.e.links.Dial(r.ctx, p, accounts...)
	r.trail.dialled(err)
	return a, err
}

// run looks again for those who are away, when they are due.
func (r *reach) run() {
	for {
		timer := time.NewTimer(r.lookAgain())
		select {
		case <-timer.C:
		case <-r.kick:
		case <-r.ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// lookAgain seeks everybody who is due and returns how long until the next is.
func (r *reach) lookAgain() time.Duration {
	now := time.Now()
	wait := lastRetry
	var seek []wire.Account
	punch := map[wire.Account]bool{}
	r.mu.Lock()
	for a, x := range r.due {
		if r.e.links.Direct(a) || !r.sought[a] {
			delete(r.due, a)
			continue
		}
		if hold := r.brief[a].at; x.at.Before(hold) {
			x.at = hold
			r.due[a] = x
		}
		if !x.at.After(now) {
			seek = append(seek, a)
			x.pause = min(2*x.pause, lastRetry)
			if r.e.links.Linked(a) {
				punch[a] = r.byRelay(a).try(now, x.pause)
			}
			x.at = now.Add(jitter(x.pause))
			r.due[a] = x
		}
		wait = min(wait, time.Until(x.at))
	}
	r.mu.Unlock()
	for _, a := range seek {
		r.e.finder.Seek(discovery.ID(a))
	}
	for _, s := range r.e.links.Sessions() {
		if punch[s.Account] && s.Conn.Stat().Direction == network.DirInbound && host.Relayed(s.Conn.RemoteMultiaddr()) {
			r.e.beyond.Punch(s.Peer)
		}
	}
	return wait
}

// jitter spreads what many nodes would do at once.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2)
}

// schedule has somebody looked for now and then, first after pause. The caller
// holds mu.
func (r *reach) schedule(a wire.Account, pause time.Duration) {
	r.due[a] = retry{at: time.Now().Add(pause), pause: pause}
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// wanted is called when somebody is to be reached anew: a link ended, or
// something waits for them.
func (r *reach) wanted(a wire.Account) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x, ok := r.due[a]; ok && time.Until(x.at) <= firstRetry {
		return
	}
	if r.sought[a] {
		r.schedule(a, firstRetry/10)
	}
}

// down is called when the last link with somebody has ended. Who has heard all
// that we have to say and owes us an answer comes with it, and is not soon asked
// again.
func (r *reach) down(a wire.Account, lasted time.Duration) {
	if r.e.relays != nil {
		r.e.relays.Doubt()
	}
	r.hold(a, lasted)
	talks, err := r.e.chat.Talks(a)
	_, acked, err2 := r.e.chat.StanceFor(a)
	if talks || !acked || err != nil || err2 != nil {
		r.wanted(a)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sought[a] {
		r.schedule(a, lastRetry)
	}
}

// hold puts off going to somebody whose links end at once, ever more: they may
// have a reason that we do not see.
func (r *reach) hold(a wire.Account, lasted time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if lasted >= steady || !r.sought[a] {
		delete(r.brief, a)
		return
	}
	pause := min(max(2*r.brief[a].pause, firstRetry/10), lastBrief)
	r.brief[a] = retry{at: time.Now().Add(pause), pause: pause}
}

func (r *reach) held(a wire.Account) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.brief[a].at)
}

// up is called when a link begins.
func (r *reach) up(a wire.Account) {
	for _, s := range r.e.links.Sessions() {
		if s.Account == a {
			r.trail.linked(s)
			r.e.offer(r.ctx, a, s.Conn)
		}
	}
	r.keep(func(s link.Info) bool { return s.Account == a })
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sought[a] || r.e.links.Direct(a) {
		delete(r.relayed, a)
		return
	}
	r.schedule(a, r.byRelay(a).pause)
}

// follow acts on changes of the network: links are probed, and whoever is away
// is looked for at once.
func (r *reach) follow() {
	r.e.mine = r.e.addrs()
	for {
		select {
		case <-r.e.finder.NetworkChanges():
		case <-r.ctx.Done():
			return
		}
		r.e.moved()
		r.e.links.Probe()
		r.mu.Lock()
		clear(r.brief)
		clear(r.relayed)
		for a := range r.sought {
			if !r.e.links.Direct(a) {
				r.schedule(a, firstRetry/10)
			}
		}
		r.mu.Unlock()
	}
}

// hurry has those looked for soon who are away: they may be reached again.
func (r *reach) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for a := range r.sought {
		if x, ok := r.due[a]; !r.e.links.Linked(a) && (!ok || time.Until(x.at) > firstRetry) {
			r.schedule(a, firstRetry)
		}
	}
}

// visit goes to a peer that the user named, and asks it for everybody who is
// away, until all of them are linked; then it waits until somebody is away.
func (r *reach) visit(p peer.AddrInfo) {
	pause := firstRetry
	for r.ctx.Err() == nil {
		turned := r.e.chat.Turned()
		if away := r.away(); len(away) > 0 {
			_, err := r.dial(p, away...)
			r.trail.visited(p.ID, err)
			if err == nil {
				pause = firstRetry
				continue
			}
			if !errors.Is(err, context.Canceled) {
				r.log.Debug("the given peer has nobody for us", "peer", p.ID, "error", err)
			}
			pause = min(2*pause, lastRetry)
		}
		timer := time.NewTimer(jitter(pause))
		select {
		case <-turned:
			pause = firstRetry
		case <-timer.C:
		case <-r.ctx.Done():
		}
		timer.Stop()
	}
}

// away returns those who are sought, not linked, and to whom we may go.
func (r *reach) away() (list []wire.Account) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for a := range r.sought {
		if !r.e.links.Linked(a) && !time.Now().Before(r.brief[a].at) {
			list = append(list, a)
		}
	}
	return list
}
