package discovery

import (
	"slices"
	"time"
)

// What hostile neighbours can cost us. Parsing takes some 5 µs; a new salt with
// 300 contacts about 0.2 ms.
const (
	packetRate  = 1000 // packets parsed per second, from everybody
	packetBurst = 4 * packetRate
	saltRate    = 50  // new salts tried per second, from everybody
	saltBurst   = 400 // 50 nodes with 300 contacts each answering one query

	// Of these, from one source address. A machine with a few nodes of 300
	// contacts each sends 7 packets for each, at most once a second.
	sourcePacketRate  = 50
	sourcePacketBurst = 300
	sourceSaltRate    = 4
	sourceSaltBurst   = 64

	maxSources  = 256              // source addresses told apart, twice; a flood of more shares what is left
	maxStrange  = 4096             // salts remembered as not for us, twice
	maxFamiliar = 1024             // instances remembered that opened
	repeatAfter = 30 * time.Second // before an instance heard again is reported again
	forgetAfter = recordTTL * time.Second
)

// audience hears announcements and passes on those made for us.
type audience struct {
	offer    func(Candidate)
	beacons  *beacons
	ears     ears
	strange  generations[[saltSize]byte, struct{}]
	familiar map[[saltSize]byte]*sighting
	packets  bucket
	salts    bucket
	sources  generations[[16]byte, *allowances]
}

// allowances of one source address.
type allowances struct {
	addr           [16]byte
	packets, salts bucket
}

// sighting is an instance that opened.
type sighting struct {
	label   string
	stale   bool // there are keys it was not tried with
	found   []Candidate
	heard   time.Time
	offered time.Time
}

func newAudience(offer func(Candidate), beacons *beacons) audience {
	return audience{
		offer:    offer,
		beacons:  beacons,
		strange:  generations[[saltSize]byte, struct{}]{size: maxStrange},
		familiar: map[[saltSize]byte]*sighting{},
		packets:  bucket{burst: packetBurst, rate: packetRate},
		salts:    bucket{burst: saltBurst, rate: saltRate},
		sources:  generations[[16]byte, *allowances]{size: maxSources},
	}
}

// setTargets replaces the ears. It reports whether there are new ones; then
// what did not open before is tried again.
func (a *audience) setTargets(targets []Target) (more bool) {
	old := a.ears
	a.ears = newEars(targets)
	if old.covers(a.ears) {
		return false
	}
	a.strange.clear()
	for _, f := range a.familiar {
		f.stale = true
	}
	return true
}

// hear takes a packet from the group.
func (s *station) hear(p heardPacket, now time.Time) {
	l := s.links[p.iface]
	if l == nil && p.iface != 0 {
		return // another program listens on an interface that we do not use
	}
	from := s.source(p.from)
	if !from.packets.take(now) || !s.packets.take(now) {
		return
	}
	pkt, err := parsePacket(p.data)
	if err != nil {
		return
	}
	if pkt.query && (pkt.id == 0 || pkt.id != s.queryID) {
		s.tally.heard(p.iface, now, func(l *LAN) { l.Queries++ })
		s.answerOn(l, now)
	}
	for _, label := range pkt.gone {
		s.leave(label)
		s.beacons.leave(label)
	}
	var on Interface
	if l != nil {
		on = l.iface
	}
	for i := range pkt.instances {
		in := &pkt.instances[i]
		known := s.instance(in, on, from, now)
		if l != nil && slices.Contains(l.labels, in.label) {
			continue // our own, which comes back to us
		}
		s.tally.heard(p.iface, now, func(l *LAN) {
			l.Heard++
			if known {
				l.Known++
			}
		})
	}
}

// answerOn answers on the link a query came from, or on all if it is unknown.
func (s *station) answerOn(l *link, now time.Time) {
	if l != nil {
		s.answer(l, now)
		return
	}
	for _, l := range s.links {
		s.answer(l, now)
	}
}

// instance opens a new instance, or notes that a familiar one is still there.
// It reports whether it is made for us.
func (a *audience) instance(in *instance, on Interface, from *allowances, now time.Time) bool {
	if a.beacons.again(in.salt, now) {
		return false
	}
	f := a.familiar[in.salt]
	if f == nil || f.stale {
		return a.open(in, on, from, now)
	}
	f.heard = now
	if now.Sub(f.offered) >= repeatAfter {
		a.report(f, now, func(Candidate) News { return Repeated })
	}
	return true
}

// open tries all keys on an instance, within bounds, and reports what is new.
// It returns whether one opened it.
func (a *audience) open(in *instance, on Interface, from *allowances, now time.Time) bool {
	if _, known := a.strange.get(in.salt); known {
		return false
	}
	if !from.salts.take(now) || !a.salts.take(now) {
		return false
	}
	f := &sighting{label: in.label, heard: now}
	for _, s := range a.ears.listen(in) {
		if c, ok := s.candidate(on); ok {
			f.found = append(f.found, c)
		}
	}
	if len(f.found) == 0 {
		if b, ok := readBeacon(in); ok {
			a.beacons.put(in, b, from.addr, now)
		} else {
			a.strange.put(in.salt, struct{}{})
		}
		return false
	}
	before := a.familiar[in.salt]
	a.remember(in.salt, f, now)
	a.report(f, now, func(c Candidate) News {
		if before.names(c.ID) {
			return Repeated
		}
		return Fresh
	})
	return true
}

// names tells whether f was reported for id; nil names nobody.
func (f *sighting) names(id ID) bool {
	return f != nil && slices.ContainsFunc(f.found, func(c Candidate) bool { return c.ID == id })
}

// source returns what is left to a source address.
func (a *audience) source(addr [16]byte) *allowances {
	from, known := a.sources.get(addr)
	if !known {
		from = &allowances{
			addr:    addr,
			packets: bucket{burst: sourcePacketBurst, rate: sourcePacketRate},
			salts:   bucket{burst: sourceSaltBurst, rate: sourceSaltRate},
		}
		a.sources.put(addr, from)
	}
	return from
}

// remember keeps f and drops what expired or, if nothing did, the longest
// unheard.
func (a *audience) remember(salt [saltSize]byte, f *sighting, now time.Time) {
	if len(a.familiar) >= maxFamiliar {
		var oldest [saltSize]byte
		at := now
		for k, old := range a.familiar {
			switch {
			case now.Sub(old.heard) > forgetAfter:
				delete(a.familiar, k)
			case !old.heard.After(at):
				oldest, at = k, old.heard
			}
		}
		if len(a.familiar) >= maxFamiliar {
			delete(a.familiar, oldest)
		}
	}
	a.familiar[salt] = f
}

// report offers what f names, as news says of each.
func (a *audience) report(f *sighting, now time.Time, news func(Candidate) News) {
	f.offered = now
	for _, c := range f.found {
		c.News = news(c)
		a.offer(c)
	}
}

// recall offers again what was heard of id and should still hold.
func (a *audience) recall(id ID, now time.Time) {
	for _, f := range a.familiar {
		for _, c := range f.found {
			if c.ID == id && now.Sub(f.heard) <= forgetAfter {
				c.News = Recalled
				a.offer(c)
			}
		}
	}
}

// leave makes recall skip an instance. It stays familiar, so that saying it
// again is no news: anybody can say goodbye for another.
func (a *audience) leave(label string) {
	for _, f := range a.familiar {
		if f.label == label {
			f.heard = time.Time{}
		}
	}
}

// generations is a map that forgets: it holds the size newest entries and some
// older ones, twice size at most.
type generations[K comparable, V any] struct {
	size       int
	young, old map[K]V
}

func (g *generations[K, V]) get(k K) (V, bool) {
	if v, ok := g.young[k]; ok {
		return v, true
	}
	v, ok := g.old[k]
	return v, ok
}

func (g *generations[K, V]) put(k K, v V) {
	if g.young == nil || len(g.young) >= g.size {
		g.young, g.old = map[K]V{}, g.young
	}
	g.young[k] = v
}

func (g *generations[K, V]) clear() { g.young, g.old = nil, nil }
