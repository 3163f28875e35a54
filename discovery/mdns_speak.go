package discovery

import (
	"crypto/rand"
	"encoding/binary"
	mrand "math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// The schedule, MDNS.md section 5.
const (
	minGap        = time.Second            // between two multicasts of an instance on an interface
	anewGap       = 100 * time.Millisecond // after anything, before new instances or a query about new targets
	refreshAfter  = 85 * time.Second       // of records that live 120 s, plus up to refreshJitter
	refreshJitter = 10 * time.Second
	rotateAfter   = 55 * time.Minute // an instance lives, plus up to rotateJitter: never longer than an hour
	rotateJitter  = 5 * time.Minute
	minAnswer     = 20 * time.Millisecond  // answers wait at random, so that
	maxAnswer     = 120 * time.Millisecond // those of many nodes do not collide
	firstQuery    = time.Second            // after the one at the start; then three times as long each
	maxQuery      = 10 * time.Minute
)

// link is one interface and what we say there.
type link struct {
	iface    Interface
	stale    bool // packets must be made anew
	packets  [][]byte
	labels   []string
	beacon   string // that of the labels which everybody can read; empty: none
	rotateAt time.Time
	sendAt   time.Time // zero: nothing to say
	sentAt   time.Time
	repeat   bool // say it once more after minGap: multicast gets lost
	failures int  // in a row
}

// announceAnew makes new instances for l, as soon as anewGap allows.
func (s *station) announceAnew(l *link, now time.Time) {
	l.stale, l.repeat, l.failures = true, true, 0
	l.sendAt = later(now, l.sentAt.Add(anewGap))
}

// queryAnew asks at once, as soon as anewGap allows, and then ever less often.
func (s *station) queryAnew(now time.Time) {
	s.queryAt, s.queryStep = later(now, s.queriedAt.Add(anewGap)), firstQuery
}

// announce says on l what there is to say.
func (s *station) announce(l *link, now time.Time) {
	if l.stale {
		s.prepare(l, now)
	}
	if len(l.packets) == 0 {
		l.sendAt = time.Time{}
		return
	}
	l.sentAt = now
	if !s.send(l, l.packets) {
		l.sendAt = now.Add(min(minGap<<min(l.failures, 10), refreshAfter))
		l.failures++
		return
	}
	l.failures = 0
	l.sendAt = now.Add(refreshAfter + mrand.N(refreshJitter))
	if l.repeat {
		l.repeat, l.sendAt = false, now.Add(minGap)
	}
}

// prepare makes the packets of l: new names, salts and keys.
func (s *station) prepare(l *link, now time.Time) {
	s.takeBack(l)
	l.stale, l.packets, l.labels, l.rotateAt = false, nil, nil, time.Time{}
	tcp, udp := s.ports()
	if s.self == "" || tcp == 0 && udp == 0 {
		return
	}
	w := whereabouts{peer: s.self, tcp: uint16(tcp), udp: uint16(udp), addrs: announced(l.iface)}
	all := newInstances(w, s.tell)
	if s.beacon != nil {
		in := newBeacon(Beacon{Peer: s.self, Data: s.beacon})
		all, l.beacon = append(all, in), in.label
	}
	for _, in := range all {
		l.packets = append(l.packets, in.marshal())
		l.labels = append(l.labels, in.label)
	}
	if len(l.packets) > 0 {
		l.rotateAt = now.Add(rotateAfter + mrand.N(rotateJitter))
	}
}

// announced lists the addresses of an interface, best first: IPv4, link-local
// IPv6, other IPv6.
func announced(i Interface) []netip.Addr {
	rank := func(a netip.Addr) int {
		switch {
		case a.Is4() && !a.IsLinkLocalUnicast():
			return 0
		case a.IsLinkLocalUnicast():
			return 1
		default:
			return 2
		}
	}
	var out []netip.Addr
	for _, p := range i.Prefixes {
		out = append(out, p.Addr())
	}
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return rank(a) - rank(b) })
	return out[:min(len(out), maxBodyIPs)]
}

// query asks on every interface who is there.
func (s *station) query(now time.Time) {
	var id [2]byte
	rand.Read(id[:])
	s.queryID = max(1, binary.BigEndian.Uint16(id[:]))
	q := [][]byte{marshalQuery(s.queryID)}
	for _, l := range s.links {
		s.send(l, q)
	}
	s.queriedAt = now
	s.queryAt = now.Add(s.queryStep)
	s.queryStep = min(3*s.queryStep, maxQuery)
}

// answer announces on l soon, but not within minGap of the last time.
func (s *station) answer(l *link, now time.Time) {
	if len(l.packets) > 0 {
		at := now.Add(minAnswer + mrand.N(maxAnswer-minAnswer))
		l.sendAt = soonest(l.sendAt, later(at, l.sentAt.Add(minGap)))
	}
}
