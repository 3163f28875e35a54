package discovery

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"math"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// The schedule, MDNS.md section 5.
const (
	minGap        = time.Second      // between two announcements on an interface, and between two queries
	refreshAfter  = 85 * time.Second // of records that live 120 s, plus up to refreshJitter
	refreshJitter = 10 * time.Second
	rotateAfter   = 55 * time.Minute // an instance lives, plus up to rotateJitter: never longer than an hour
	rotateJitter  = 5 * time.Minute
	minAnswer     = 20 * time.Millisecond  // answers wait at random, so that
	maxAnswer     = 120 * time.Millisecond // those of many nodes do not collide
	firstQuery    = time.Second            // after the one at the start; then three times as long each
	maxQuery      = 10 * time.Minute
)

const (
	// maxInterfaces is how many interfaces are used: Linux lets a socket join
	// 20 groups unless told otherwise.
	maxInterfaces = 16
	// maxTell is how many keys are announced under: 32 packets a time.
	maxTell = 32 * maxEntries
)

// station is the state of one Serve; only its goroutine touches it.
type station struct {
	self  peer.ID
	ports func() (tcp, udp int)
	log   *slog.Logger
	air   transport
	audience

	tell  []Key
	links map[int]*link // by interface index

	queryAt   time.Time // zero: nobody to ask for
	queryStep time.Duration
	queriedAt time.Time
	queryID   uint16 // of our last query, which comes back to us; 0: none
	seeks     bucket // of queries made for Seek
}

// link is one interface and what we say there.
type link struct {
	iface    Interface
	stale    bool // packets must be made anew
	packets  [][]byte
	labels   []string
	rotateAt time.Time
	sendAt   time.Time // zero: nothing to say
	sentAt   time.Time
	repeat   bool // say it once more after minGap: multicast gets lost
	failures int  // in a row
}

func newStation(m *mdns, air transport, offer func(Candidate)) *station {
	return &station{
		self: m.self, ports: m.ports, log: m.log, air: air,
		audience: newAudience(offer),
		links:    map[int]*link{},
		seeks:    bucket{burst: 3, rate: 1. / 60},
	}
}

// read acts on notes.
func (s *station) read(n notes, now time.Time) {
	if n.newIfaces {
		s.setInterfaces(n.ifaces, now)
	}
	if n.newTargets {
		s.setTell(n.tell, now)
		if s.setTargets(n.targets) {
			s.queryAnew(now)
		}
	}
	for id := range n.seeks {
		s.recall(id, now)
		if len(s.ears.byKey) > 0 && s.seeks.take(now) {
			s.queryAt = soonest(s.queryAt, later(now, s.queriedAt.Add(minGap)))
		}
	}
}

// setInterfaces starts over on every interface that is new or changed.
func (s *station) setInterfaces(all []Interface, now time.Time) {
	use := usableInterfaces(all)
	s.air.join(use)
	links := make(map[int]*link, len(use))
	for _, i := range use {
		l := s.links[i.Index]
		if l == nil {
			l = &link{}
		}
		l.iface = i
		s.announceAnew(l, now)
		links[i.Index] = l
	}
	s.links = links
	s.queryAnew(now)
}

// usableInterfaces picks those that can multicast; loopback can on Linux though
// its flags deny it. Interfaces with an IPv4 address go first.
func usableInterfaces(all []Interface) []Interface {
	var first, then []Interface
	for _, i := range all {
		is4 := func(p netip.Prefix) bool { return p.Addr().Is4() }
		switch {
		case !i.up() || !i.loopback() && i.Flags&net.FlagMulticast == 0 || len(i.Prefixes) == 0:
		case slices.ContainsFunc(i.Prefixes, is4):
			first = append(first, i)
		default:
			then = append(then, i)
		}
	}
	use := append(first, then...)
	return use[:min(len(use), maxInterfaces)]
}

// setTell announces anew if the set of keys differs.
func (s *station) setTell(tell []Key, now time.Time) {
	tell = slices.Clone(tell[:min(len(tell), maxTell)])
	slices.SortFunc(tell, func(a, b Key) int { return slices.Compare(a[:], b[:]) })
	if slices.Equal(tell, s.tell) {
		return
	}
	s.tell = tell
	for _, l := range s.links {
		s.announceAnew(l, now)
	}
}

// announceAnew makes new instances for l, as soon as minGap allows.
func (s *station) announceAnew(l *link, now time.Time) {
	l.stale, l.repeat, l.failures = true, true, 0
	l.sendAt = later(now, l.sentAt.Add(minGap))
}

// queryAnew asks at once, as soon as minGap allows, and then ever less often.
func (s *station) queryAnew(now time.Time) {
	s.queryAt, s.queryStep = time.Time{}, firstQuery
	if len(s.ears.byKey) > 0 {
		s.queryAt = later(now, s.queriedAt.Add(minGap))
	}
}

// act does what is due and tells when to come back.
func (s *station) act(now time.Time) time.Time {
	next := now.Add(math.MaxInt32 * time.Second)
	for _, l := range s.links {
		if due(l.rotateAt, now) {
			s.announceAnew(l, now)
			l.rotateAt = time.Time{}
		}
		if due(l.sendAt, now) {
			s.announce(l, now)
		}
		next = soonest(soonest(next, l.sendAt), l.rotateAt)
	}
	if due(s.queryAt, now) {
		s.query(now)
	}
	return soonest(next, s.queryAt)
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
	l.stale, l.packets, l.labels, l.rotateAt = false, nil, nil, time.Time{}
	tcp, udp := s.ports()
	if tcp == 0 && udp == 0 {
		return
	}
	w := whereabouts{peer: s.self, tcp: uint16(tcp), udp: uint16(udp), addrs: announced(l.iface)}
	for _, in := range newInstances(w, s.tell) {
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

// goodbye takes back what was announced.
func (s *station) goodbye() {
	for _, l := range s.links {
		if len(l.labels) > 0 {
			s.send(l, [][]byte{marshalGoodbye(l.labels)})
		}
	}
}

// send reports whether every packet left.
func (s *station) send(l *link, packets [][]byte) bool {
	for _, p := range packets {
		if err := s.air.send(l.iface, p); err != nil {
			s.log.Debug("mdns send failed", slog.String("interface", l.iface.Name), slog.Any("err", err))
			return false
		}
	}
	return true
}

// due tells whether the time at, unless it is zero, has come.
func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// soonest returns the earlier of two times that are not zero.
func soonest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
