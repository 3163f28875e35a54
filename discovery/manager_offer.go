package discovery

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// maxSlots is how many peers per target are told apart, over all sources. Who
// holds a key of a target can invent peers for it; the oldest give way.
const maxSlots = 32

// slot names what candidates are coalesced by, within one target.
type slot struct {
	source string
	peer   peer.ID
	via    string
}

// delivered is what was last passed on for a slot.
type delivered struct {
	addrs  []ma.Multiaddr
	at     time.Time
	wanted bool // somebody seeks the target, or dialling this failed: say it again
}

// failed notes that the candidate f led nowhere.
func (t *target) failed(f Found) {
	for s, d := range t.last {
		if s.source == f.Source && s.peer == f.Peer.ID && overlap(d.addrs, f.Peer.Addrs) {
			d.wanted = true
		}
	}
}

// told tells whether just this was passed on and nobody asked for it again.
func (t *target) told(s slot, addrs []ma.Multiaddr) bool {
	d := t.last[s]
	return d != nil && !d.wanted && slices.EqualFunc(d.addrs, addrs, ma.Multiaddr.Equal)
}

// passed notes that addrs were passed on for s.
func (t *target) passed(s slot, addrs []ma.Multiaddr, now time.Time) {
	if t.last[s] == nil && len(t.last) >= maxSlots {
		oldest, at := slot{}, now
		for k, d := range t.last {
			if !d.at.After(at) {
				oldest, at = k, d.at
			}
		}
		delete(t.last, oldest)
	}
	t.last[s] = &delivered{addrs: addrs, at: now}
}

// enqueueAll offers addresses that need no source: those that passed the filter
// ok and did not fail of late. The caller holds m.mu.
func (m *Manager) enqueueAll(t *target, source string, infos []peer.AddrInfo, ok func(ma.Multiaddr) bool) {
	now := time.Now()
	for _, info := range infos[:min(len(infos), MaxCandidates)] {
		m.enqueue(t, slot{source: source, peer: info.ID}, m.usable(t.ID, info, ok, now))
	}
}

// offer takes a candidate from a source.
func (m *Manager) offer(s Source, c Candidate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.targets[c.ID]
	if t == nil {
		return
	}
	if s.Public() {
		m.offerPublic(t, s.Name(), c.Peer)
	} else {
		m.offerHeard(t, s.Name(), c)
	}
}

// offerPublic takes a candidate that a stranger may have written.
func (m *Manager) offerPublic(t *target, source string, info peer.AddrInfo) {
	now := time.Now()
	addrs := m.usable(t.ID, info, publicAddr, now)
	s := slot{source: source, peer: info.ID}
	if len(addrs) == 0 || t.told(s, addrs) {
		return
	}
	if m.budgets.allow(t.ID, source, info.ID, addrs, now) {
		m.enqueue(t, s, addrs)
	}
}

// offerHeard takes a candidate that was heard on the local network.
func (m *Manager) offerHeard(t *target, source string, c Candidate) {
	now := time.Now()
	s := slot{source, c.Peer.ID, c.Via}
	if c.News != Recalled {
		m.failures.forget(Found{ID: c.ID, Peer: c.Peer})
	}
	addrs := m.usable(t.ID, c.Peer, unicastAddr, now)
	if len(addrs) == 0 || c.News != Fresh && t.told(s, addrs) || !t.bucket.take(now) {
		return
	}
	m.enqueue(t, s, addrs)
}

// usable filters the addresses of a candidate; none are left if it is us.
func (m *Manager) usable(id ID, info peer.AddrInfo, ok func(ma.Multiaddr) bool, now time.Time) []ma.Multiaddr {
	if info.ID != "" && info.ID == m.cfg.Self {
		return nil
	}
	var out []ma.Multiaddr
	for _, a := range info.Addrs {
		if len(out) == MaxAddrs {
			break
		}
		if a != nil && len(a.Bytes()) <= maxAddrLen && ok(a) && !m.failures.has(id, info.ID, a, now) {
			out = append(out, a)
		}
	}
	return out
}

// enqueue passes filtered addresses on to Next.
func (m *Manager) enqueue(t *target, s slot, addrs []ma.Multiaddr) {
	if len(addrs) == 0 {
		return
	}
	t.passed(s, addrs, time.Now())
	m.queue.push(place{t.ID, s}, addrs)
	signal(m.ready)
}

// overlap tells whether a and b have an address in common.
func overlap(a, b []ma.Multiaddr) bool {
	return slices.ContainsFunc(a, func(x ma.Multiaddr) bool {
		return slices.ContainsFunc(b, x.Equal)
	})
}
