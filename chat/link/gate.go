package link

import (
	"net/netip"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// gate says how often hellos may begin: it is asked before anything is read.
// It has a token bucket for each address, and one for all strangers. Those of
// contacts lie apart: from however many addresses strangers come, they leave
// theirs alone.
type gate struct {
	mu                  sync.Mutex
	all                 bucket
	strangers, contacts buckets
}

func newGate() *gate {
	return &gate{strangers: buckets{each: map[string]*bucket{}}, contacts: buckets{each: map[string]*bucket{}}}
}

// buckets are token buckets by name.
type buckets struct {
	each  map[string]*bucket
	swept time.Time
}

// bucket holds tokens; the zero value is full.
type bucket struct {
	spent float64
	at    time.Time
}

// drain lets in what has come since the last call.
func (b *bucket) drain(now time.Time, rate float64) {
	b.spent = max(0, b.spent-rate*now.Sub(b.at).Seconds())
	b.at = now
}

func (b *bucket) take(now time.Time, rate, burst float64) bool {
	if b.drain(now, rate); b.spent+1 > burst {
		return false
	}
	b.spent++
	return true
}

// pass takes a token for a hello of a contact, by the name of its peer, or of
// a stranger, by that of its address.
func (g *gate) pass(name string, stranger bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if !stranger {
		return g.contacts.named(name, now).take(now, helloRate, helloBurst)
	}
	return g.strangers.named(name, now).take(now, helloRate, helloBurst) && g.all.take(now, strangerRate, strangerBurst)
}

// named returns the bucket of that name. When there are too many, those that
// have none yet share one.
func (l *buckets) named(name string, now time.Time) *bucket {
	if b := l.each[name]; b != nil {
		return b
	}
	if len(l.each) >= maxBuckets && now.Sub(l.swept) > time.Second {
		l.swept = now
		for name, b := range l.each {
			if b.drain(now, helloRate); b.spent == 0 {
				delete(l.each, name)
			}
		}
	}
	if len(l.each) >= maxBuckets {
		name = ""
	}
	b := l.each[name]
	if b == nil {
		b = &bucket{at: now}
		l.each[name] = b
	}
	return b
}

// addressName is what hellos from an address are counted under: an IPv4
// address, an IPv6 site, and on this machine a port, for many nodes may live
// here.
func addressName(a ma.Multiaddr) string {
	ip, ok := ipOf(a)
	if ok && ip.IsLoopback() {
		return a.String()
	}
	return prefixName(ip, ok, 32, 48)
}

// networkName is what requests from an address are counted under; empty on
// this machine.
func networkName(a ma.Multiaddr) string {
	ip, ok := ipOf(a)
	if ok && ip.IsLoopback() {
		return ""
	}
	return prefixName(ip, ok, 24, 48)
}

func ipOf(a ma.Multiaddr) (netip.Addr, bool) {
	ip, err := manet.ToIP(a)
	if err != nil {
		return netip.Addr{}, false
	}
	addr, ok := netip.AddrFromSlice(ip)
	return addr.Unmap(), ok
}

func prefixName(ip netip.Addr, ok bool, bits4, bits6 int) string {
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	p, err := ip.Prefix(bits)
	if !ok || err != nil {
		return "nowhere"
	}
	return p.String()
}
