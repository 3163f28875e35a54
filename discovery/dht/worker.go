package dht

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	kad "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/discovery/rendezvous"
)

// Pace.
const (
	maxJobs   = 4                // at a time
	patience  = time.Minute      // for one
	republish = 8 * time.Hour    // servers keep a record for 48 hours at most, but they come and go
	minPause  = 5 * time.Second  // between two look-ups of one target, and after a first failure
	maxPause  = time.Hour        // after failures
	maxAway   = 4 * time.Hour    // between two look-ups of somebody who is not there: coming back, they look for us
	unsought  = 15 * time.Minute // who is away is sought more often

	linger = 5 * time.Minute // of a guest who has nothing to do
	entry  = time.Second     // until a peer that has come is in the table

	protocolName = "/kad/1.0.0" // of the DHT, after the prefix

	never = 1<<63 - 1 // of a timer
)

// jobID names what is done again and again: writing under a key, or looking for
// somebody; and what is done when asked for: looking for relays.
type jobID struct {
	tell   discovery.Key // of what is written
	id     discovery.ID  // of who is looked for
	look   bool
	errand bool
}

// job is when to do it next.
type job struct {
	due     time.Time // zero: not until something happens
	pause   time.Duration
	ended   time.Time
	sought  time.Time
	running bool
	again   bool // something happened while it ran
	hear    []discovery.Key
}

// result is how a job went.
type result struct {
	id    jobID
	err   error
	alone bool // there was no way into the network
	found bool
	peers []peer.AddrInfo // that relay
	next  time.Time       // when it is to be done again if it went well; zero: when something happens
}

// worker does the jobs. One goroutine, run, owns it; jobs run beside it.
type worker struct {
	source  *Source
	offer   func(discovery.Candidate)
	store   *store
	ctx     context.Context // of what runs on the store
	cancel  context.CancelFunc
	jobs    map[jobID]*job
	running int
	busy    time.Time // when a job ended last
	done    chan result
	alone   bool      // the last job found no way into the network
	retry   time.Time // when the store may be opened again
	pause   time.Duration
}

func (w *worker) run(ctx context.Context) error {
	moved, err := w.source.cfg.Node.EventBus().Subscribe(new(event.EvtLocalAddressesUpdated))
	if err != nil {
		return err
	}
	defer moved.Close()
	met, err := w.source.cfg.Node.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return err
	}
	defer met.Close()
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		timer.Reset(never)
		if !w.take() {
			w.close()
			w.source.counted(0)
		} else if at := w.leave(w.start(ctx)); !at.IsZero() {
			timer.Reset(time.Until(at))
		}
		select {
		case <-w.source.note:
		case <-timer.C:
		case r := <-w.done:
			w.ended(r)
		case <-moved.Out():
			w.rewrite()
		case e := <-met.Out():
			w.met(e.(event.EvtPeerIdentificationCompleted).Protocols)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take takes in what has changed, and reports whether there is anything to do.
func (w *worker) take() (on bool) {
	s := w.source
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := map[jobID]bool{}
	for _, k := range s.tell {
		id := jobID{tell: k}
		wanted[id] = true
		if w.jobs[id] == nil {
			w.jobs[id] = &job{due: time.Now(), pause: minPause}
		}
	}
	for _, t := range s.targets {
		id := jobID{id: t.ID, look: true}
		wanted[id] = true
		if w.jobs[id] == nil {
			w.jobs[id] = &job{pause: minPause}
		}
		w.jobs[id].hear = t.Hear
		if s.sought[t.ID] {
			w.jobs[id].seek(time.Now())
		}
	}
	clear(s.sought)
	if s.errand != nil {
		id := jobID{errand: true}
		wanted[id] = true
		if w.jobs[id] == nil {
			w.jobs[id] = &job{due: time.Now()}
		}
	}
	for id := range w.jobs {
		if !wanted[id] {
			delete(w.jobs, id)
		}
	}
	if s.moved {
		s.moved = false
		w.fresh()
	}
	if s.retry {
		s.retry = false
		w.retry, w.pause = time.Time{}, 0
	}
	s.status.On = s.network && len(w.jobs) > 0
	return s.status.On
}

// fresh forgets what failed on another network.
func (w *worker) fresh() {
	w.retry, w.pause = time.Time{}, 0
	for id, j := range w.jobs {
		j.pause, j.ended = minPause, time.Time{}
		if !id.look && !id.errand {
			j.touch(time.Now())
		}
	}
}

// rewrite writes the records anew: our addresses are others. More changes may follow,
// but who could not be found yet does not wait for them.
func (w *worker) rewrite() {
	wait := time.Duration(0)
	if !w.source.Status().Published.IsZero() {
		wait = rand.N(2 * time.Second)
	}
	for id, j := range w.jobs {
		if !id.look && !id.errand {
			j.touch(time.Now().Add(wait))
		}
	}
}

// met has everything tried again that failed because nobody else was in the network,
// if a peer that has come is.
func (w *worker) met(protocols []protocol.ID) {
	if !w.alone || !slices.Contains(protocols, cmp.Or(w.source.cfg.Prefix, kad.DefaultPrefix)+protocolName) {
		return
	}
	w.alone, w.retry, w.pause = false, time.Time{}, 0
	for id, j := range w.jobs {
		j.pause, j.ended = minPause, time.Time{}
		if !id.look || !j.due.IsZero() {
			j.touch(time.Now().Add(entry + rand.N(entry)))
		}
	}
}

// touch has a job done at a time, or soon after it ends.
func (j *job) touch(at time.Time) {
	if j.running {
		j.again = true
	} else {
		j.due = at
	}
}

// seek has somebody looked for, unless that was done of late.
func (j *job) seek(now time.Time) {
	if now.Sub(j.sought) > unsought {
		j.pause = minPause // they have been there meanwhile
	}
	j.sought = now
	if next := j.ended.Add(j.pause); j.ended.IsZero() || next.Before(now) {
		j.touch(now)
	} else {
		j.touch(next)
	}
}

// start starts what is due, and returns when something is next.
func (w *worker) start(ctx context.Context) (next time.Time) {
	now := time.Now()
	for id, j := range w.jobs {
		switch {
		case j.due.IsZero() || j.running:
		case j.due.After(now):
			if next.IsZero() || j.due.Before(next) {
				next = j.due
			}
		case w.running == maxJobs || w.running > 0 && w.pause > 0: // the end of one wakes us
		default:
			if at := w.opened(ctx, now); !at.IsZero() {
				return at
			}
			j.due, j.running, j.again = time.Time{}, true, false
			w.running++
			w.launch(id, j.hear)
		}
	}
	return next
}

// leave closes the store of a guest who has had nothing to do for long, and returns
// when to see to that, or what is next. The next guest is somebody else: servers cannot
// tell what one node writes and seeks in a day.
func (w *worker) leave(next time.Time) time.Time {
	if w.store == nil || w.store.guest == nil || w.running > 0 {
		return next
	}
	until := w.busy.Add(linger)
	if !until.After(time.Now()) {
		w.close()
		return next
	}
	if next.IsZero() || until.Before(next) {
		return until
	}
	return next
}

// opened opens the store if it is not open. It returns when to try again, if the
// door was shut.
func (w *worker) opened(ctx context.Context, now time.Time) (again time.Time) {
	if now.Before(w.retry) {
		return w.retry
	}
	if w.store != nil && w.running == 0 && w.store.serve == w.source.cfg.client() {
		w.close() // the network has changed
	}
	if w.store != nil {
		return time.Time{}
	}
	s, err := w.source.cfg.open()
	if err != nil {
		w.source.tried(err, result{})
		w.shut(now)
		return w.retry
	}
	w.store = s
	w.ctx, w.cancel = context.WithCancel(ctx)
	return time.Time{}
}

// shut puts off all jobs: there is no way into the network, whatever one wants there.
// Of those that find that out together the first counts.
func (w *worker) shut(now time.Time) {
	if !now.Before(w.retry) {
		w.pause = longer(w.pause, maxPause)
		w.retry = now.Add(w.pause)
	}
}

// launch does a job beside run.
func (w *worker) launch(id jobID, hear []discovery.Key) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	st := w.store
	go func() {
		defer cancel()
		r := result{id: id}
		alone := st.join(ctx, w.source.cfg.Bootstrap)
		switch {
		case alone == nil && id.errand:
			r.peers, r.err = st.relays(ctx, w.source.cfg.Bootstrap)
		case alone != nil && (id.look || id.errand || !st.serve):
		case id.look:
			r.found, r.err = w.look(ctx, st, id.id, hear)
		default: // a server that is alone keeps what it writes, for whoever enters by it
			r.next, r.err = w.publish(ctx, st, id.tell)
		}
		if alone != nil {
			r.err, r.alone = alone, true
		}
		w.done <- r
	}()
}

// ended notes how a job went, and when it is next.
func (w *worker) ended(r result) {
	now := time.Now()
	w.running--
	w.busy = now
	w.alone = r.alone && w.store.guest == nil
	w.source.tried(r.err, r)
	w.source.counted(w.store.kad.RoutingTable().Size())
	if r.alone {
		if w.pause == 0 {
			w.source.cfg.Log.Info("the DHT is not reached", "error", r.err)
		}
		w.shut(now)
	} else {
		w.retry, w.pause = time.Time{}, 0
	}
	if r.id.errand {
		delete(w.jobs, r.id)
		w.source.run(r)
		return
	}
	j := w.jobs[r.id]
	if j == nil {
		return
	}
	j.running, j.ended = false, now
	switch {
	case r.alone:
		j.due = now // as soon as the door opens
	case r.err == nil && !r.id.look:
		j.pause, j.due = minPause, r.next
	case r.err != nil: // nobody could say
		j.due = now.Add(j.pause)
		j.pause = longer(j.pause, maxPause)
	default: // a look-up is repeated when somebody seeks again
		j.pause = longer(j.pause, maxAway)
	}
	if j.again {
		j.again, j.due = false, now.Add(jittered(time.Second))
	}
}

// close ends what runs, and leaves the DHT.
func (w *worker) close() {
	if w.store == nil {
		return
	}
	w.cancel()
	for w.running > 0 {
		w.ended(<-w.done)
	}
	err := w.store.close()
	w.store = nil
	if err != nil {
		w.source.cfg.Log.Debug("leaving the DHT", "error", err)
	}
}

// publish writes our addresses under a key, for the slot of now.
func (w *worker) publish(ctx context.Context, st *store, k discovery.Key) (next time.Time, err error) {
	now := time.Now()
	slot, ends := rendezvous.SlotAt(k, now)
	addrs := best(public(w.source.cfg.Node.Addrs()))
	if len(addrs) == 0 {
		return time.Time{}, nil // until we have some
	}
	until := ends.Add(rendezvous.Period) // clocks differ
	place := rendezvous.At(k, slot)
	sealed := place.Seal(rendezvous.Record{Peer: w.source.cfg.Node.ID(), Addrs: addrs, Expires: until})
	if err := st.put(ctx, place.Signer(), sealed, uint64(now.UnixMilli()), until); err != nil {
		return time.Time{}, err
	}
	next = now.Add(jittered(republish))
	if turn := ends.Add(rand.N(5 * time.Minute)); turn.Before(next) {
		next = turn
	}
	return next, nil
}

// look reads what somebody wrote: in the slot of now, else in those beside it.
func (w *worker) look(ctx context.Context, st *store, id discovery.ID, hear []discovery.Key) (found bool, err error) {
	now := time.Now()
	for _, k := range hear {
		slot, _ := rendezvous.SlotAt(k, now)
		for _, s := range []rendezvous.Slot{slot, slot - 1, slot + 1} {
			place := rendezvous.At(k, s)
			sealed, e := st.get(ctx, place.Signer())
			if e == nil {
				var r rendezvous.Record
				if r, e = place.Open(sealed, now); e == nil {
					found = true
					w.offer(discovery.Candidate{ID: id, Peer: r.AddrInfo()})
					break
				}
			}
			if !nothing(e) {
				err = e
			}
			if ctx.Err() != nil {
				return found, ctx.Err()
			}
		}
	}
	if found {
		err = nil
	}
	return found, err
}

// directs is how many direct addresses come before those over relays, which work where
// the others do not.
const directs = 4

// best orders addresses for a record, in which not all have room.
func best(addrs []ma.Multiaddr) []ma.Multiaddr {
	direct := ma.FilterAddrs(addrs, discovery.Direct)
	over := ma.FilterAddrs(addrs, func(a ma.Multiaddr) bool { return !discovery.Direct(a) })
	n := min(len(direct), directs)
	return slices.Concat(direct[:n], over, direct[n:])
}

func public(addrs []ma.Multiaddr) (out []ma.Multiaddr) {
	for _, a := range addrs {
		if discovery.IsPublic(a) {
			out = append(out, a)
		}
	}
	return out
}

func longer(d, most time.Duration) time.Duration { return jittered(min(most, max(minPause, 2*d))) }

// jittered is d, up to a quarter less or more.
func jittered(d time.Duration) time.Duration { return d - d/4 + rand.N(d/2+1) }
