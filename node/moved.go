package node

import (
	"net/netip"

	"github.com/libp2p/go-libp2p/core/network"
)

// hangUp closes the connections that stood on an address which this machine has no
// more. They are dead, and would say so much later: until then others would be dialled
// over relays that are not reached, and told that we are where we were. Over QUIC it
// is not known on which address a connection stands; all of that version of IP go.
func (e *endpoint) hangUp() {
	before, now := e.mine, e.addrs()
	e.mine = now
	var lost4, lost6 bool
	for a := range before {
		lost4 = lost4 || !now[a] && a.Is4()
		lost6 = lost6 || !now[a] && a.Is6()
	}
	if !lost4 && !lost6 {
		return
	}
	for _, c := range e.host.Network().Conns() {
		if gone(c, now, lost4, lost6) {
			c.Close()
		}
	}
}

// addrs are those of the machine.
func (e *endpoint) addrs() map[netip.Addr]bool {
	set := map[netip.Addr]bool{}
	for _, l := range e.finder.Status().LANs {
		for _, p := range l.Prefixes {
			if l.Up() {
				set[p.Addr()] = true
			}
		}
	}
	return set
}

func gone(c network.Conn, now map[netip.Addr]bool, lost4, lost6 bool) bool {
	here, ok := addrPort(c.LocalMultiaddr())
	switch a := here.Addr(); {
	case !ok || a.IsLoopback():
		return false
	case a.IsUnspecified():
		there, ok := addrPort(c.RemoteMultiaddr())
		return ok && !there.Addr().IsLoopback() && (there.Addr().Is4() && lost4 || there.Addr().Is6() && lost6)
	default:
		return !now[a]
	}
}
