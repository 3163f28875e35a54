package presence

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// Limits.
const (
	jitter    = 20 * time.Second // either way of a beat
	keepTime  = 5 * time.Minute  // how often it is noted what was heard: no record is older
	changes   = 6                // changes of mine told at once
	changePer = 5 * time.Second  // and then one in that time
)

// Config says what a Manager works with. Host and Chat must be there.
type Config struct {
	Host host.Host
	Chat *chat.Service
	Log  *slog.Logger // nil: nothing is logged
}

// Manager is the link.Courier of a node. It is safe for concurrent use.
type Manager struct {
	chat   *chat.Service
	log    *slog.Logger
	gossip *gossip

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	turned <-chan struct{} // of chat, when views was read; announce alone uses it
	expire chan struct{}   // 1 deep: somebody has to be let go earlier than was thought
	began  time.Time
	expiry atomic.Int64  // when that was, nanoseconds after began
	direct atomic.Uint64 // records taken from sessions; gossip counts its own

	mu     sync.Mutex
	peers  map[*link.Contact]*peerState
	sought map[wire.Account]*budget // pictures that were asked for
	links  map[wire.Account]int     // of peers
	last   *chat.Announcement       // nil: nothing was said yet
	left   bool                     // with goodbyes
	views  map[wire.Account]view    // what others show me
}

// New makes a Manager. It does nothing before Start.
func New(cfg Config) *Manager {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Manager{
		chat: cfg.Chat, log: cfg.Log, expire: make(chan struct{}, 1), began: time.Now(),
		peers: map[*link.Contact]*peerState{}, sought: map[wire.Account]*budget{}, links: map[wire.Account]int{}, views: map[wire.Account]view{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.gossip = newGossip(cfg.Host, m)
	return m
}

// Start begins to announce. Sessions may come before.
func (m *Manager) Start() {
	m.gossip.host.open()
	m.wg.Go(m.announce)
	m.wg.Go(m.expireAll)
}

// Close says goodbye on every session, and stops. Call it before the sessions end.
func (m *Manager) Close() {
	m.cancel()
	m.wg.Wait()
	m.say(true)
	m.gossip.close()
	m.keep()
}

// announce makes records when something has changed, and once a minute.
func (m *Manager) announce() {
	pace := budget{at: time.Now(), left: changes, most: changes, per: changePer}
	kept := time.Now()
	for {
		restated, turned := m.chat.Restated(), m.chat.Turned()
		if wait := pace.take(time.Now()); wait > 0 {
			if !m.sleep(wait) {
				return
			}
			continue
		}
		m.say(false)
		if time.Since(kept) >= keepTime {
			kept = time.Now()
			m.keep()
		}
		if !m.rest(restated, turned) {
			return
		}
	}
}

// rest waits until a record is due. Meanwhile contacts are told how to follow me,
// and I learn how to follow them.
func (m *Manager) rest(restated, turned <-chan struct{}) bool {
	beat := time.NewTimer(m.untilBeat())
	defer beat.Stop()
	for {
		if m.turned != turned {
			m.turned = turned
			m.refresh()
		}
		m.seekPictures()
		select {
		case <-turned:
			turned = m.chat.Turned()
			if err := m.chat.Introduce(); err != nil {
				m.log.Warn("cannot tell contacts how to follow me", "error", err)
			}
		case <-restated:
			return true
		case <-beat.C:
			return true
		case <-m.ctx.Done():
			return false
		}
	}
}

func (m *Manager) keep() {
	if err := m.chat.KeepHeard(); err != nil {
		m.log.Warn("cannot note which presence was seen", "error", err)
	}
}

func (m *Manager) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-m.ctx.Done():
		return false
	}
}

// untilBeat is how long nothing has to be said if nothing changes.
func (m *Manager) untilBeat() time.Duration {
	d := chat.BeatTime - jitter + rand.N(2*jitter)
	if at := m.chat.IdleAt(); !at.IsZero() {
		d = max(0, min(d, time.Until(at)))
	}
	return d
}

// say makes new records and sends them to everybody.
func (m *Manager) say(goodbye bool) {
	a, err := m.chat.Announce(goodbye)
	if err != nil {
		m.log.Warn("cannot announce presence", "error", err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last, m.left = &a, goodbye
	records := map[wire.View][]byte{} // one for all: who passes it on passes on the same
	for c, p := range m.peers {
		m.tell(c, p, records)
	}
}

// tell sends my newest record on a session, which it takes from records or puts
// there. To somebody who was shown nothing a goodbye says nothing either. m.mu is
// held.
func (m *Manager) tell(c *link.Contact, p *peerState, records map[wire.View][]byte) {
	grade, err := m.chat.GradeOf(c.Account)
	if err != nil {
		m.log.Warn("cannot tell a contact", "error", err)
		return
	}
	now := m.last.For(grade)
	gone := now.State == wire.PresenceOffline
	if gone && !p.told {
		return
	}
	p.told = !gone
	record := records[now.View]
	if record == nil || grade == chat.GradeNone {
		record = m.chat.Record(now)
		if grade != chat.GradeNone {
			records[now.View] = record
		}
	}
	c.Send(wire.PresenceFrame{Type: wire.FramePresence, Record: record})
}

// Up implements link.Courier.
func (m *Manager) Up(c *link.Contact) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := newPeerState()
	m.peers[c] = p
	m.links[c.Account]++
	m.greet(c, p)
	m.showAll(c, p)
	m.seekPicture(c, p)
	if m.links[c.Account] == 1 {
		m.need(c.Account)
	}
}

// greet tells how I am there now on a session that has begun: what was said last
// may not hold any more, and the secret be one that somebody must not read with.
// m.mu is held.
func (m *Manager) greet(c *link.Contact, p *peerState) {
	if m.last == nil {
		return
	}
	a, err := m.chat.Present(m.left)
	if err != nil {
		m.log.Warn("cannot tell a contact", "error", err)
		return
	}
	m.last = &a
	m.tell(c, p, map[wire.View][]byte{})
}

// Down implements link.Courier.
func (m *Manager) Down(c *link.Contact) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, c)
	m.gossip.allow(c, nil)
	if m.links[c.Account]--; m.links[c.Account] == 0 {
		delete(m.links, c.Account)
		m.need(c.Account)
	}
}

// Take implements link.Courier.
func (m *Manager) Take(c *link.Contact, frame any) error {
	switch f := frame.(type) {
	case *wire.PresenceFrame:
		return m.takeRecord(c, f.Record)
	case *wire.Signal:
		m.takeSignal(c, f)
	case *wire.Views:
		return m.takeViews(c, f)
	case *wire.AskPicture:
		return m.givePicture(c, f)
	case *wire.Picture:
		return m.takePicture(c, f)
	}
	return nil
}

// takeRecord takes what a contact says of itself, and passes it on to those who
// need it.
func (m *Manager) takeRecord(c *link.Contact, record []byte) error {
	d, p, err := wire.ParsePresence(c.Account, record)
	if err != nil {
		return err
	}
	if d != c.Device {
		return errors.Join(chat.ErrProtocol, errors.New("it sends the presence of another device"))
	}
	switch err := m.chat.TakePresence(c.Account, d, p); {
	case errors.Is(err, chat.ErrStale), errors.Is(err, chat.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	m.direct.Add(1)
	m.heard(chat.PresentFor)
	m.gossip.passOn(c.Account, p.Epoch, record)
	return nil
}

// Records is how many records that told something new came over sessions, and by gossip.
func (m *Manager) Records() (direct, gossiped uint64) {
	return m.direct.Load(), m.gossip.taken.Load()
}

func (m *Manager) takeSignal(c *link.Contact, f *wire.Signal) {
	if f.Conv == wire.DirectConv(m.chat.Account(), c.Account) && f.Kind <= wire.SignalPaused {
		m.chat.Typing(c.Account, f.Kind == wire.SignalTyping)
		m.heard(chat.TypingFor)
	}
}

// Typing tells a contact that the user writes a message to them, or has stopped.
// It reaches those who are linked now and see my full presence, and nobody else.
func (m *Manager) Typing(a wire.Account, on bool) {
	f := wire.Signal{Type: wire.FrameSignal, Conv: wire.DirectConv(m.chat.Account(), a), Kind: wire.SignalPaused}
	if on {
		f.Kind = wire.SignalTyping
	}
	if grade, err := m.chat.GradeOf(a); err != nil || grade != chat.GradeFull || m.chat.Hides() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, p := range m.peers {
		if c.Account == a && p.told {
			c.Send(f)
		}
	}
}

// expireAll lets those go of whom nothing was heard.
func (m *Manager) expireAll() {
	for {
		m.expiry.Store(math.MaxInt64)
		wait := time.Duration(math.MaxInt64)
		if next := m.chat.ExpireSights(); !next.IsZero() {
			m.expiry.Store(int64(next.Sub(m.began)))
			wait = time.Until(next)
		}
		select {
		case <-time.After(wait):
		case <-m.expire:
		case <-m.ctx.Done():
			return
		}
	}
}

// heard notes that something was heard that counts for d.
func (m *Manager) heard(d time.Duration) {
	if int64(time.Since(m.began)+d) >= m.expiry.Load() {
		return
	}
	select {
	case m.expire <- struct{}{}:
	default:
	}
}

// budget paces what is said: most at once, then one in per.
type budget struct {
	at   time.Time
	left float64
	most float64
	per  time.Duration
}

// take returns 0, or how long to wait before asking again.
func (b *budget) take(now time.Time) time.Duration {
	b.left = min(b.most, b.left+now.Sub(b.at).Seconds()/b.per.Seconds())
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) * float64(b.per))
	}
	b.left--
	return 0
}
