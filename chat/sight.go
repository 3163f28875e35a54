package chat

import (
	"errors"
	"slices"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// ErrStale says that a presence record is no newer than one seen before, is of
// another time than now, or is one too many.
var ErrStale = errors.New("the presence record is not new")

// How long a presence counts, and how old a record may be when it comes.
const (
	BeatTime   = time.Minute
	PresentFor = BeatTime * 5 / 2 // two beats and a half
	maxSkew    = 5 * time.Minute  // after the correction by the clock that the contact's own link showed
)

// Records of one device that are taken: so many at once, then one in that time.
// Who keeps to the protocol says less.
const (
	maxRecords = 8
	recordTime = 5 * time.Second
)

// sights is what is known of who is there. It is in memory: after a start
// everybody is offline until they are seen. What runs out does so by the time
// that passes, whatever the clock says.
type sights struct {
	of   map[wire.Account]*sight
	turn uint64        // rises with every change
	wake chan struct{} // closed when turn rises
}

// sight is what is known of one account.
type sight struct {
	devices map[wire.Device]*seen
	shown   Presence
	turned  uint64    // turn when shown changed
	came    uint64    // turn when they were offline last, and were not any more
	typing  time.Time // until then they write a message
	typed   uint64    // turn when typing changed
	last    uint64    // when a record came last, unix milliseconds
}

// seen is the newest record of a device.
type seen struct {
	Heard
	p     wire.Presence
	until time.Time     // then it is worth nothing
	links int           // open sessions with the device
	ahead time.Duration // its clock of mine, as the hello of a session showed
	spent float64       // of maxRecords
	at    time.Time     // of spent
}

// pays reports whether another record of the device is taken.
func (n *seen) pays(now time.Time) bool {
	n.spent = max(0, n.spent-now.Sub(n.at).Seconds()/recordTime.Seconds())
	n.at = now
	if n.spent > maxRecords-1 {
		return false
	}
	n.spent++
	return true
}

// Presence is how somebody is there, as people see it.
type Presence struct {
	State wire.Availability
	Text  string
	Idle  uint64 // since when nobody touched the device, unix milliseconds; 0: not idle, or not told
}

// TakePresence takes a record of a contact's device that was verified by
// wire.ParsePresence. Errors: ErrStale; ErrProtocol for a device that is not on
// the contact's list; ErrNotFound if a is no contact.
func (s *Service) TakePresence(a wire.Account, d wire.Device, p wire.Presence) error {
	c, err := s.contactOf(a)
	if err != nil {
		return err
	}
	if c.Relation() != Accepted {
		return ErrNotFound
	}
	list, err := s.devices(c)
	if err != nil {
		return err
	}
	if !list.HasLive(d) {
		return errors.Join(ErrProtocol, errors.New("presence of a device that is not on the list"))
	}
	if err := s.loadHeard(a); err != nil {
		return err
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.sights.of[a]
	n := g.devices[d]
	if n == nil {
		g.dropRetired(list)
		n = &seen{Heard: Heard{Device: d}}
		g.devices[d] = n
	}
	at := time.UnixMilli(int64(p.Time)).Add(-n.ahead)
	if at.Before(now.Add(-maxSkew)) || at.After(now.Add(maxSkew)) {
		return ErrStale
	}
	if p.Boot < n.Boot || p.Boot == n.Boot && p.Seq <= n.Seq || !n.pays(time.Now()) {
		return ErrStale
	}
	n.Boot, n.Seq, n.p = p.Boot, p.Seq, p
	n.until = time.Now().Add(PresentFor)
	g.last = millis(now)
	s.show(a)
	return nil
}

// dropRetired forgets devices that are not in use any more, of which no record is
// taken: a contact may have had any number of them.
func (g *sight) dropRetired(list wire.DeviceList) {
	for d, n := range g.devices {
		if n.links == 0 && !list.HasLive(d) {
			delete(g.devices, d)
		}
	}
}

// loadHeard reads what was noted of a before the start.
func (s *Service) loadHeard(a wire.Account) error {
	s.mu.Lock()
	known := s.sights.of[a] != nil
	s.mu.Unlock()
	if known {
		return nil
	}
	var card Card
	err := s.store.View(func(r Reader) (err error) {
		card, err = r.Card(a)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sights.of[a] == nil {
		g := &sight{devices: map[wire.Device]*seen{}}
		for _, h := range card.Heard {
			g.devices[h.Device] = &seen{Heard: h}
		}
		s.sights.of[a] = g
	}
	return nil
}

// show works out how a is there by all devices. s.mu is held.
func (s *Service) show(a wire.Account) {
	g := s.sights.of[a]
	if g == nil {
		return
	}
	var best Presence
	for _, n := range g.devices {
		if !s.unseen.Load() && time.Now().Before(n.until) && better(n.p, best) {
			best = Presence{n.p.State, n.p.Text, n.p.Idle}
		}
	}
	if best != g.shown {
		was := g.shown.State
		g.shown = best
		g.turned = s.turnSights()
		if was == wire.PresenceOffline {
			g.came = g.turned
		}
	}
}

// better reports whether p counts before q: the most present of several devices.
func better(p wire.Presence, q Presence) bool {
	rank := [...]int{wire.PresenceOffline: 0, wire.PresenceAway: 1, wire.PresenceBusy: 2, wire.PresenceAvailable: 3}
	switch a, b := rank[p.State], rank[q.State]; {
	case a != b:
		return a > b
	case (p.Idle == 0) != (q.Idle == 0):
		return p.Idle == 0
	case p.Idle != q.Idle:
		return p.Idle > q.Idle
	}
	return p.Text > q.Text
}

// turnSights notes that something about who is there has changed. s.mu is held.
func (s *Service) turnSights() uint64 {
	s.sights.turn++
	if s.sights.wake != nil {
		close(s.sights.wake)
		s.sights.wake = nil
	}
	return s.sights.turn
}

// sighted is closed when something about who is there changes.
func (s *Service) sighted() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sights.wake == nil {
		s.sights.wake = make(chan struct{})
	}
	return s.sights.wake
}

// DeviceLinked notes that a session with a device of a is open, and by how much
// the device's clock is ahead of mine; DeviceLeft that it has ended. With the last
// one the device is offline at once, until it is heard of again.
func (s *Service) DeviceLinked(a wire.Account, d wire.Device, ahead time.Duration) error {
	c, err := s.contactOf(a)
	if err != nil {
		return err
	}
	list, err := s.devices(c)
	if err != nil {
		return err
	}
	if err := s.loadHeard(a); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.sights.of[a]
	if g.devices[d] == nil {
		g.dropRetired(list)
		g.devices[d] = &seen{Heard: Heard{Device: d}}
	}
	g.devices[d].links++
	g.devices[d].ahead = ahead
	return nil
}

// DeviceLeft undoes DeviceLinked.
func (s *Service) DeviceLeft(a wire.Account, d wire.Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.sights.of[a]
	if g == nil || g.devices[d] == nil {
		return
	}
	n := g.devices[d]
	if n.links--; n.links > 0 {
		return
	}
	n.until = time.Time{}
	s.show(a)
	s.stopTyping(a)
}

// ExpireSights lets those go who were not heard of for too long, and returns when
// to call it again: zero if nobody is there.
func (s *Service) ExpireSights() (next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for a, g := range s.sights.of {
		s.show(a)
		if !g.typing.IsZero() && !now.Before(g.typing) {
			s.stopTyping(a)
		}
		ends := []time.Time{g.typing}
		for _, n := range g.devices {
			ends = append(ends, n.until)
		}
		for _, t := range ends {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// KeepHeard writes down which records were seen, so that none counts again after
// a start. It writes nothing if none came.
func (s *Service) KeepHeard() error {
	s.mu.Lock()
	heard := map[wire.Account][]Heard{}
	for a, g := range s.sights.of {
		for _, n := range g.devices {
			if n.Boot > 0 {
				heard[a] = append(heard[a], n.Heard)
			}
		}
		slices.SortFunc(heard[a], func(x, y Heard) int { return slices.Compare(x.Device[:], y.Device[:]) })
	}
	s.mu.Unlock()
	changed := map[wire.Account]bool{}
	err := s.store.View(func(r Reader) error {
		for a, list := range heard {
			card, err := r.Card(a)
			if err != nil {
				return err
			}
			if !slices.Equal(card.Heard, list) {
				changed[a] = true
			}
		}
		return nil
	})
	if err != nil || len(changed) == 0 {
		return err
	}
	return s.store.Update(func(tx Tx) error {
		for a := range changed {
			err := s.changeCard(tx, a, func(c *Card) bool { c.Heard = heard[a]; return true })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Typing notes that a writes a message, or has stopped to. It lasts for
// TypingFor unless it is said again.
func (s *Service) Typing(a wire.Account, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.sights.of[a]
	switch {
	case g == nil, s.unseen.Load():
	case !on:
		s.stopTyping(a)
	default:
		if g.typing.IsZero() {
			g.typed = s.turnSights()
		}
		g.typing = time.Now().Add(TypingFor)
	}
}

// TypingFor is how long Typing lasts.
const TypingFor = 10 * time.Second

// stopTyping is called with s.mu held.
func (s *Service) stopTyping(a wire.Account) {
	if g := s.sights.of[a]; g != nil && !g.typing.IsZero() {
		g.typing = time.Time{}
		g.typed = s.turnSights()
	}
}

// sightOf is how a contact is there, as far as is known; nothing of others.
func (s *Service) sightOf(c Contact) (g sight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.sights.of[c.Account]; known != nil && c.Relation() == Accepted {
		g = *known
	}
	return g
}
