package discovery

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// bucket is a token bucket. The first take finds it full.
type bucket struct {
	burst float64 // tokens when full
	rate  float64 // tokens a second
	spent float64
	at    time.Time
}

// take removes a token if there is one.
func (b *bucket) take(now time.Time) bool {
	b.spent = max(0, b.spent-b.rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.spent+1 > b.burst {
		return false
	}
	b.spent++
	return true
}

// heardBucket bounds what one target, or whoever holds its keys, can make us
// dial: a machine that flaps between networks stays below it.
func heardBucket() bucket { return bucket{burst: 32, rate: 0.2} }

// failure names an address that failed.
type failure struct {
	id   ID
	peer peer.ID
	addr string // binary
}

// failures remembers addresses that failed, at most maxFailures of them. The
// zero value is empty.
type failures struct {
	until map[failure]time.Time
	order []failure // oldest first; may name forgotten ones
}

// add notes that every address of f failed.
func (x *failures) add(f Found, now time.Time) {
	if x.until == nil {
		x.until = map[failure]time.Time{}
	}
	for _, a := range f.Peer.Addrs {
		k := failure{f.ID, f.Peer.ID, string(a.Bytes())}
		x.until[k] = now.Add(FailureTTL)
		x.order = append(x.order, k)
	}
	for len(x.order) > maxFailures {
		delete(x.until, x.order[0])
		x.order = x.order[1:]
	}
}

// forget clears every address of f.
func (x *failures) forget(f Found) {
	for _, a := range f.Peer.Addrs {
		delete(x.until, failure{f.ID, f.Peer.ID, string(a.Bytes())})
	}
}

// has tells whether a failed within FailureTTL.
func (x *failures) has(id ID, p peer.ID, a ma.Multiaddr, now time.Time) bool {
	return now.Before(x.until[failure{id, p, string(a.Bytes())}])
}

func (x *failures) clear() { x.until, x.order = nil, nil }

// day is the window of MaxCandidates.
const day = 24 * time.Hour

// account names whose allowance is meant.
type account struct {
	id     ID
	source string
}

// allowance is what a public source said of one target within a day.
type allowance struct {
	since time.Time
	seen  [][32]byte // digests of candidates
}

// budgets holds the allowances. They outlive a target's removal, so that
// removing and adding somebody does not renew them. The zero value is empty.
type budgets struct {
	of map[account]*allowance
}

// allow tells whether a candidate may be passed on: it was before within the
// day, or fewer than MaxCandidates others were.
func (b *budgets) allow(id ID, source string, p peer.ID, addrs []ma.Multiaddr, now time.Time) bool {
	if b.of == nil {
		b.of = map[account]*allowance{}
	}
	b.expire(now)
	k := account{id, source}
	a := b.of[k]
	if a == nil {
		a = &allowance{since: now}
		b.of[k] = a
	}
	d := digest(p, addrs)
	if slices.Contains(a.seen, d) {
		return true
	}
	if len(a.seen) == MaxCandidates {
		return false
	}
	a.seen = append(a.seen, d)
	return true
}

func (b *budgets) expire(now time.Time) {
	for k, a := range b.of {
		if now.Sub(a.since) >= day {
			delete(b.of, k)
		}
	}
}

func digest(p peer.ID, addrs []ma.Multiaddr) [32]byte {
	h := sha256.New()
	h.Write([]byte{byte(len(p))})
	h.Write([]byte(p))
	for _, a := range addrs {
		h.Write([]byte{byte(len(a.Bytes()))})
		h.Write(a.Bytes())
	}
	return [32]byte(h.Sum(nil))
}
