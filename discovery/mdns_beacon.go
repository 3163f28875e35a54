package discovery

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Limits on what is shown to everybody, MDNS.md section 8.
const (
	// MaxBeacon is how many bytes a node shows: what a body holds beside a peer
	// id, and some to spare.
	MaxBeacon = 160

	// MaxBeacons is how many beacons of others are kept: more people than one
	// looks through. The longest unheard gives way.
	MaxBeacons = 256

	// maxBeaconsFrom is how many of them may come from one source address, so
	// that a single machine does not fill the list: a few homes, each with an
	// instance for every network that leads here.
	maxBeaconsFrom = 16

	beaconVersion = 2
)

// openKey is the Key that everybody knows.
var openKey = Key(sha256.Sum256([]byte("truce mdns nearby v1")))

// Beacon is what a node shows to everybody on the local network.
type Beacon struct {
	Peer peer.ID
	Data []byte // 1 to MaxBeacon bytes, of whatever form
}

// SetBeacon implements Finder.
func (m *Manager) SetBeacon(data []byte) {
	if m.lan != nil {
		m.lan.setBeacon(data)
	}
}

// Beacons implements Finder.
func (m *Manager) Beacons() []Beacon {
	if m.lan == nil {
		return nil
	}
	return slices.DeleteFunc(m.lan.beacons.list(time.Now()), func(b Beacon) bool { return b.Peer == m.cfg.Self })
}

func (m *mdns) setBeacon(data []byte) {
	data = bytes.Clone(data[:min(len(data), MaxBeacon)])
	if len(data) == 0 {
		data = nil
	}
	m.note(func(n *notes) { n.beacon, n.newBeacon = data, true })
}

// setBeacon shows something else, and takes back at once what was shown.
func (s *station) setBeacon(data []byte, now time.Time) {
	if bytes.Equal(data, s.beacon) {
		return
	}
	s.beacon = data
	for _, l := range s.links {
		s.takeBack(l)
		s.announceAnew(l, now)
	}
}

// takeBack says goodbye for the beacon on l: nobody has to guess that the next
// is of the same person, and none outlives the choice to be seen.
func (s *station) takeBack(l *link) {
	if l.beacon != "" {
		s.send(l, [][]byte{marshalGoodbye([]string{l.beacon})})
		l.beacon = ""
	}
}

// newBeacon announces b to everybody.
func newBeacon(b Beacon) instance { return newInstance(b.marshal(), []Key{openKey}) }

// readBeacon opens an instance that everybody can read.
func readBeacon(in *instance) (Beacon, bool) {
	mac := hmac.New(sha256.New, openKey[:])
	tag := derive(mac, labelTag, in.salt)
	i := slices.IndexFunc(in.entries, func(e entry) bool { return bytes.Equal(e[:tagSize], tag[:tagSize]) })
	if i < 0 {
		return Beacon{}, false
	}
	plain, err := openPlain(unwrap(mac, in.salt, in.entries[i]), in.salt, in.body)
	if err != nil {
		return Beacon{}, false
	}
	b, err := parseBeacon(plain)
	return b, err == nil
}

// marshal writes version, peer id and data, padded with zeros. A peer id that
// leaves no room for the data is not shown.
func (b Beacon) marshal() (out [bodySize]byte) {
	w := append(out[:0], beaconVersion)
	if 3+len(b.Peer)+len(b.Data) > bodySize {
		return out
	}
	w = append(w, byte(len(b.Peer)))
	w = append(w, b.Peer...)
	w = append(w, byte(len(b.Data)))
	copy(out[len(w):], b.Data)
	return out
}

// parseBeacon is the inverse of marshal and takes nothing else.
func parseBeacon(p [bodySize]byte) (Beacon, error) {
	n := int(p[1])
	if p[0] != beaconVersion || n == 0 || n > maxPeerID {
		return Beacon{}, errBody
	}
	id, err := peer.IDFromBytes(p[2 : 2+n])
	if err != nil {
		return Beacon{}, errBody
	}
	size := int(p[2+n])
	if rest := p[3+n:]; size > 0 && size <= MaxBeacon && size <= len(rest) {
		if b := (Beacon{Peer: id, Data: bytes.Clone(rest[:size])}); b.marshal() == p {
			return b, nil
		}
	}
	return Beacon{}, errBody
}

// beacons are those of others. The zero value holds none. It is safe for
// concurrent use.
type beacons struct {
	mu    sync.Mutex
	heard map[[saltSize]byte]*shown
}

// shown is a beacon as it was heard.
type shown struct {
	Beacon
	label       string
	from        [16]byte
	first, last time.Time
}

// again notes that an instance is still there, and reports whether it is a
// beacon that is known.
func (x *beacons) again(salt [saltSize]byte, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.heard[salt]
	if b != nil {
		b.last = now
	}
	return b != nil
}

// put keeps a beacon, within bounds.
func (x *beacons) put(in *instance, b Beacon, from [16]byte, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.heard == nil {
		x.heard = map[[saltSize]byte]*shown{}
	}
	x.expire(now)
	x.bound(maxBeaconsFrom, func(s *shown) bool { return s.from == from })
	x.bound(MaxBeacons, func(*shown) bool { return true })
	x.heard[in.salt] = &shown{Beacon: b, label: in.label, from: from, first: now, last: now}
}

// bound makes room for one more among those that count.
func (x *beacons) bound(limit int, counts func(*shown) bool) {
	var oldest [saltSize]byte
	n := 0
	for salt, s := range x.heard {
		if !counts(s) {
			continue
		}
		if n == 0 || s.last.Before(x.heard[oldest].last) {
			oldest = salt
		}
		n++
	}
	if n >= limit {
		delete(x.heard, oldest)
	}
}

func (x *beacons) expire(now time.Time) {
	for salt, s := range x.heard {
		if now.Sub(s.last) > forgetAfter {
			delete(x.heard, salt)
		}
	}
}

// leave drops the beacon with a label: anybody can say goodbye for another, who
// is heard again soon.
func (x *beacons) leave(label string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for salt, s := range x.heard {
		if s.label == label {
			delete(x.heard, salt)
		}
	}
}

// list returns what is shown now, each once though it came over several
// networks, the longest known first.
func (x *beacons) list(now time.Time) []Beacon {
	x.mu.Lock()
	x.expire(now)
	var all []shown
	for _, s := range x.heard {
		all = append(all, *s)
	}
	x.mu.Unlock()
	slices.SortFunc(all, func(a, b shown) int { return a.first.Compare(b.first) })
	var out []Beacon
	for _, s := range all {
		same := func(b Beacon) bool { return b.Peer == s.Peer && bytes.Equal(b.Data, s.Data) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, s.Beacon)
		}
	}
	return out
}
