package discovery

import (
	"net/netip"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// reserved lists what netip calls global unicast but the internet does not
// route to one host (RFC 6890 and its registry), and tunnels that carry a
// private IPv4 address inside.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
}

// globalIPv6 is where IPv6 unicast addresses are assigned.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// public tells whether a is a unicast address of the internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !globalIPv6.Contains(a) {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// unicast tells whether a may be one host's address at all.
func unicast(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// ipOf returns the address that a begins with. Names (/dns4 and the like) have
// none: what they resolve to is for others to choose.
func ipOf(a ma.Multiaddr) (netip.Addr, bool) {
	ip, err := manet.ToIP(a)
	if err != nil {
		return netip.Addr{}, false
	}
	addr, ok := netip.AddrFromSlice(ip)
	return addr.Unmap(), ok
}

func anyAddr(ma.Multiaddr) bool { return true }

func unicastAddr(a ma.Multiaddr) bool {
	ip, ok := ipOf(a)
	return ok && unicast(ip)
}

func publicAddr(a ma.Multiaddr) bool {
	ip, ok := ipOf(a)
	return ok && public(ip)
}

// hintAddr tells whether an address from a link may be dialled: a public one,
// or one in a subnet of ours. The caller holds m.mu.
func (m *Manager) hintAddr(a ma.Multiaddr) bool {
	ip, ok := ipOf(a)
	if !ok || !unicast(ip) {
		return false
	}
	if public(ip) {
		return true
	}
	for _, i := range m.ifaces {
		for _, p := range i.Prefixes {
			if i.up() && p.Contains(ip) {
				return true
			}
		}
	}
	return false
}

// IsPublic tells whether a may be told to strangers, and taken from them: it begins
// with a public unicast IP address.
func IsPublic(a ma.Multiaddr) bool { return publicAddr(a) }

// Direct tells whether a leads to a machine itself, not over a relay.
func Direct(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err != nil
}
