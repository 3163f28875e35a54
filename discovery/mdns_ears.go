package discovery

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"net/netip"
	"strconv"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// ear listens for one Key.
type ear struct {
	mac hash.Hash // keyed, so that a new salt costs two blocks of SHA-256
	ids []ID
}

// ears are the keys of all targets. Not safe for concurrent use.
type ears struct {
	byKey map[Key]*ear
}

func newEars(targets []Target) ears {
	e := ears{byKey: map[Key]*ear{}}
	for _, t := range targets {
		for _, k := range t.Hear {
			if e.byKey[k] == nil {
				e.byKey[k] = &ear{mac: hmac.New(sha256.New, k[:])}
			}
			e.byKey[k].ids = append(e.byKey[k].ids, t.ID)
		}
	}
	return e
}

// covers tells whether every key of o is among e's.
func (e ears) covers(o ears) bool {
	for k := range o.byKey {
		if e.byKey[k] == nil {
			return false
		}
	}
	return true
}

// sound is what the ears made out of an instance.
type sound struct {
	id ID
	at whereabouts
}

// listen opens an instance with every key that has an entry in it.
func (e ears) listen(in *instance) []sound {
	tagged := make(map[[tagSize]byte]entry, len(in.entries))
	for _, x := range in.entries {
		tagged[[tagSize]byte(x[:])] = x
	}
	var out []sound
	for _, k := range e.byKey {
		x, ok := tagged[[tagSize]byte(derive(k.mac, labelTag, in.salt))]
		if !ok {
			continue
		}
		w, err := openBody(unwrap(k.mac, in.salt, x), in.salt, in.body)
		if err != nil {
			continue // another's entry with our tag, or noise
		}
		for _, id := range k.ids {
			out = append(out, sound{id, w})
		}
	}
	return out
}

// candidate turns a sound into addresses to dial, given the interface it was
// heard on. Without usable address it reports false.
func (s sound) candidate(on Interface) (Candidate, bool) {
	c := Candidate{ID: s.id, Peer: peer.AddrInfo{ID: s.at.peer}, Via: on.Name}
	for _, ip := range s.at.addrs {
		c.Peer.Addrs = append(c.Peer.Addrs, s.at.multiaddrs(ip, on)...)
	}
	c.Peer.Addrs = c.Peer.Addrs[:min(len(c.Peer.Addrs), MaxAddrs)]
	return c, len(c.Peer.Addrs) > 0
}

// multiaddrs returns ip with each port, QUIC first; none if it cannot be
// reached through the interface. Nobody is sent to loopback but from there.
func (w whereabouts) multiaddrs(ip netip.Addr, on Interface) []ma.Multiaddr {
	if !unicast(ip) || ip.IsLoopback() && !on.loopback() {
		return nil
	}
	zone := ""
	if ip.Is6() && ip.IsLinkLocalUnicast() {
		if zone = on.Name; zone == "" {
			return nil
		}
	}
	base, err := manet.FromIPAndZone(ip.AsSlice(), zone)
	if err != nil {
		return nil // an interface name that a multiaddr cannot hold
	}
	var out []ma.Multiaddr
	if w.udp != 0 {
		out = append(out, ma.StringCast("/udp/"+strconv.Itoa(int(w.udp))+"/quic-v1"))
	}
	if w.tcp != 0 {
		out = append(out, ma.StringCast("/tcp/"+strconv.Itoa(int(w.tcp))))
	}
	for i := range out {
		out[i] = base.Encapsulate(out[i])
	}
	return out
}
