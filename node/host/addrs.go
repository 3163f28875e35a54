package host

import (
	"net"
	"slices"
	"strings"

	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Ports returns the TCP and the UDP port that h listens on, 0 for a protocol
// it does not listen on. Of several, the one on all IPv4 addresses counts.
func Ports(h corehost.Host) (tcp, udp int) {
	return ports(h.Network().ListenAddresses())
}

func ports(addrs []multiaddr.Multiaddr) (tcp, udp int) {
	for _, a := range addrs {
		if p := portOf(a, multiaddr.P_TCP); p != 0 && (tcp == 0 || anyIPv4(a)) {
			tcp = p
		}
		if p := portOf(a, multiaddr.P_UDP); p != 0 && (udp == 0 || anyIPv4(a)) {
			udp = p
		}
	}
	return tcp, udp
}

func anyIPv4(a multiaddr.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	return err == nil && ip.Equal(net.IPv4zero)
}

// Addrs returns where h can be reached at this moment, as addresses that end
// in its peer id, sorted: IPv4 before IPv6, and TCP before QUIC for each IP. Unspecified IPs become those of the interfaces that are up
// now; h.Addrs may be a minute late. Loopback is left out unless it is all
// there is, and IPv6 link-local always: it means nothing on another machine. Where it
// can be reached by relays, and through NATs, stands in h.Addrs alone.
func Addrs(h corehost.Host) []multiaddr.Multiaddr {
	listens := slices.DeleteFunc(h.Network().ListenAddresses(), Relayed)
	addrs, err := manet.ResolveUnspecifiedAddresses(listens, interfaceAddrs())
	if err != nil {
		return nil // listens on nothing that has an address now
	}
	addrs = preferRemote(addrs)
	self := multiaddr.StringCast("/p2p/" + h.ID().String())
	for i, a := range addrs {
		addrs[i] = a.Encapsulate(self)
	}
	slices.SortFunc(addrs, func(a, b multiaddr.Multiaddr) int {
		return strings.Compare(a.String(), b.String())
	})
	return addrs
}

// preferRemote drops loopback addresses if there are others.
func preferRemote(addrs []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	var remote []multiaddr.Multiaddr
	for _, a := range addrs {
		if !manet.IsIPLoopback(a) {
			remote = append(remote, a)
		}
	}
	if len(remote) > 0 {
		return remote
	}
	return addrs
}

func interfaceAddrs() []multiaddr.Multiaddr {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var addrs []multiaddr.Multiaddr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		nets, err := i.Addrs()
		if err != nil {
			continue // gone since it was listed
		}
		for _, n := range nets {
			a, err := manet.FromNetAddr(n)
			if err == nil && !manet.IsIP6LinkLocal(a) {
				addrs = append(addrs, a)
			}
		}
	}
	return addrs
}
