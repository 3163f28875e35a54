package node

import (
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/relay"
)

// checkBeyond tells whether others reach this node over the internet, and how.
func (e *endpoint) checkBeyond(now time.Time) []Check {
	if e.beyond == nil {
		return nil // checkDHT says what there is instead
	}
	if e.beyond.Public {
		return []Check{e.checkPublic()}
	}
	if e.beyond.Hidden {
		s := e.relays.Status()
		return []Check{{CheckReachability, true, "hidden: reached by relays alone; they see where you are, and nobody else", ""}, relayCheck(s, now)}
	}
	s := e.relays.Status()
	list := []Check{e.checkReachability(s), relayCheck(s, now)}
	if e.beyond.PortMap != nil {
		list = append(list, e.checkPortMap())
	}
	return list
}

func (e *endpoint) checkPublic() Check {
	c := Check{CheckReachability, true, "public: everybody can reach this node, as you said; it serves the DHT", "`truce id` prints the addresses that others name as their bootstrap"}
	if !anyPublic(e.host.Addrs()) {
		c.OK, c.Detail = false, "public, as you said, but this machine has no public address"
		c.Hint = "if one is mapped to it from outside, that shows as others connect; if not, run it without --public: it is reached by relays then"
	} else if e.beyond.Relay {
		c.Detail += ", and relays for others"
	}
	return c
}

func anyPublic(addrs []multiaddr.Multiaddr) bool {
	for _, a := range addrs {
		if discovery.IsPublic(a) {
			return true
		}
	}
	return false
}

func (e *endpoint) checkReachability(s relay.Status) Check {
	c := Check{Name: CheckReachability, OK: true}
	mine := host.Addrs(e.host)
	tcpPort, udpPort := host.Ports(e.host)
	udp, at, sure := e.seen.kind("quic", udpPort, mine)
	tcp, tcpAt, tcpSure := e.seen.kind("tcp", tcpPort, mine)
	if udp == natUnknown {
		at = tcpAt
	}
	switch {
	case s.Reachable:
		c.Detail = "others reach this node directly"
	case udp == natUnknown && tcp == natUnknown:
		c.OK = len(s.Relays) > 0
		c.Detail = "nobody outside has told yet where they see this node"
		if !c.OK {
			c.Hint = "look whether this machine is on the internet: on its own network Truce works all the same"
		}
	case udp == natSymmetric || tcp == natSymmetric && udp != natCone:
		c.Detail = "behind a symmetric NAT, which shows another port to each: others are linked by a relay, unless they are reached directly"
		if !sure && !tcpSure {
			c.Detail = "behind a NAT that seems symmetric, for it shows another port than ours: others are linked by a relay, unless they are reached directly"
		}
		c.Hint = "files wait for a direct link; to have one, switch on UPnP in the router, open the port there, or use a network with IPv6"
	case udp == natNone || tcp == natNone:
		c.Detail = "this machine has a public address, but a firewall keeps others out; holes are punched where they can be"
	default:
		c.Detail = "behind a NAT that keeps one port for all: a direct link is made by way of a relay"
		if !sure && !tcpSure {
			c.Detail = "behind a NAT that seems to keep one port for all, though one node outside alone has told: a direct link is made by way of a relay"
		}
	}
	if udp == natUnknown && tcp != natUnknown && len(s.Relays) > 1 { // one of them is asked over UDP, if it can be
		c.Detail += "; nobody has been reached over UDP: a firewall may drop it"
	}
	if at.IsValid() {
		c.Detail += fmt.Sprintf(" (seen at %s)", at)
	}
	return c
}

func relayCheck(s relay.Status, now time.Time) Check {
	c := Check{Name: CheckRelay, OK: true}
	switch n := len(s.Relays); {
	case s.Reachable:
		c.Detail = "none needed"
		return c
	case n == 0:
		c.OK = false
		c.Detail = fmt.Sprintf("none: %d known", s.Known)
		if s.Err != nil {
			c.Detail += "; of the last: " + unserved(s.Err)
		}
		c.Hint = "others reach you on your own network only; name one with --relay, or ask a friend who is reachable to run Truce with --public"
		return c
	case n == 1:
		c.Detail = "reached by one relay, another is looked for"
	default:
		c.Detail = fmt.Sprintf("reached by %d relays", n)
	}
	for _, r := range s.Relays {
		c.Detail += fmt.Sprintf("; …%s%s for %s more", tail(r.Peer.String()), atIP(r.Addrs), r.Expires.Sub(now).Round(time.Second))
	}
	return c
}

// tail is the end of a peer id, which tells it from others.
func tail(id string) string { return id[max(0, len(id)-8):] }

func atIP(addrs []multiaddr.Multiaddr) string {
	for _, a := range addrs {
		if ip, err := manet.ToIP(a); err == nil {
			return " at " + ip.String()
		}
	}
	return ""
}

// unserved says why a relay does not serve: libp2p says more, and what the relay likes.
func unserved(err error) string {
	var refused client.ReservationError
	if errors.As(err, &refused) {
		switch refused.Status {
		case pb.Status_RESERVATION_REFUSED, pb.Status_PERMISSION_DENIED:
			return "it refuses"
		case pb.Status_RESOURCE_LIMIT_EXCEEDED:
			return "it has no place left"
		}
	}
	return explain(err).what
}

func (e *endpoint) checkPortMap() Check {
	c := Check{CheckPortMap, true, "the router opens no ports by itself (UPnP, NAT-PMP), or there is none", ""}
	if e.beyond.PortMap.HasDiscoveredNAT() {
		c.Detail = "the router was asked to let others in, and has not yet"
	}
	for _, a := range e.host.Network().ListenAddresses() {
		if at := e.beyond.PortMap.GetMapping(a); at != nil {
			c.Detail = "the router lets others in at " + at.String()
			break
		}
	}
	return c
}
