package discovery

import (
	"log/slog"
	"math"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
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
	tally *tally
	audience

	tell   []Key
	beacon []byte        // what everybody may read; nil: nothing
	links  map[int]*link // by interface index

	queryAt   time.Time // zero: nobody to ask for
	queryStep time.Duration
	queriedAt time.Time
	queryID   uint16 // of our last query, which comes back to us; 0: none
	seeks     bucket // of queries made for Seek
}

func newStation(m *mdns, air transport, offer func(Candidate)) *station {
	return &station{
		self: m.self, ports: m.ports, log: m.log, air: air, tally: &m.tally,
		audience: newAudience(offer, &m.beacons),
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
	if n.newBeacon {
		s.setBeacon(n.beacon, now)
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
	s.tally.use(use)
	links := make(map[int]*link, len(use))
	for _, i := range use {
		l := s.links[i.Index]
		switch {
		case l == nil:
			l = &link{}
			fallthrough
		case !sameInterfaces([]Interface{i}, []Interface{l.iface}):
			l.iface = i
			s.announceAnew(l, now)
		}
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
		err := s.air.send(l.iface, p)
		s.tally.sent(l.iface.Index, err)
		if err != nil {
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
