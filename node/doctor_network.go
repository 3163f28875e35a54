package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node/host"
)

// maxInterfaceRows keeps a machine with hundreds of virtual interfaces from
// filling the screen.
const maxInterfaceRows = 16

// knockTimeout is how long an address of this machine may take to answer.
const knockTimeout = 2 * time.Second

func (n *Node) checkNetwork(ctx context.Context, contacts []chat.ContactView) []Check {
	e := n.current()
	if e == nil {
		return machineInterfaces()
	}
	status := e.finder.Status()
	list := checkInterfaces(status.LANs, !status.MDNS)
	cutOff := !list[0].OK // then all the rest says so, too
	tcp, udp := host.Ports(e.host)
	if e.hides.All {
		list = append(list, Check{CheckMDNS, true, "not used: you hide where you are", ""})
	} else {
		list = append(list, checkPort(ctx, host.Addrs(e.host), tcp, udp))
		list = append(list, checkMDNS(status)...)
	}
	list = append(list, e.checkDHT(time.Now()))
	if !cutOff {
		list = append(list, e.checkBeyond(time.Now())...)
	}
	if !cutOff && !e.hides.All {
		list = append(list, n.checkFirewall(status, contacts, tcp, udp))
	}
	return append(list, n.checkGiven(e)...)
}

// machineInterfaces is checkInterfaces where no node runs.
func machineInterfaces() []Check {
	all, err := discovery.Interfaces()
	if err != nil {
		return []Check{{CheckInterface, false, "the network interfaces cannot be listed: " + err.Error(), ""}}
	}
	lans := make([]discovery.LAN, len(all))
	for i := range all {
		lans[i].Interface = all[i]
	}
	return checkInterfaces(lans, true)
}

// checkInterfaces tells which interfaces lead to others. With quiet it does not
// matter whether mDNS uses them.
func checkInterfaces(all []discovery.LAN, quiet bool) (list []Check) {
	for _, l := range all {
		if !l.Up() || l.Loopback() || len(l.Prefixes) == 0 {
			continue
		}
		c := Check{CheckInterface, true, l.Name + ": " + addresses(l.Prefixes), ""}
		if !quiet && !l.Used {
			c.Detail += "; nobody is looked for there"
			c.Hint = "it cannot multicast; to reach somebody over it give their address with --peer"
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return []Check{{CheckInterface, false, "this machine is on no network", "plug in a cable or join a Wi-Fi"}}
	}
	if more := len(list) - maxInterfaceRows; more > 0 {
		list = append(list[:maxInterfaceRows], Check{CheckInterface, true, fmt.Sprintf("and %d more", more), ""})
	}
	return list
}

func addresses(list []netip.Prefix) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.Addr().String()
	}
	return strings.Join(texts, ", ")
}

// checkPort knocks at the TCP port on every address of our own.
func checkPort(ctx context.Context, addrs []ma.Multiaddr, tcp, udp int) Check {
	var ips, dead []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, a := range addrs {
		ip, err := manet.ToIP(a)
		if err != nil || slices.Contains(ips, ip.String()) {
			continue
		}
		ips = append(ips, ip.String())
		if tcp == 0 {
			continue
		}
		wg.Go(func() {
			if knock(ctx, net.JoinHostPort(ip.String(), strconv.Itoa(tcp))) != nil {
				mu.Lock()
				defer mu.Unlock()
				dead = append(dead, ip.String())
			}
		})
	}
	wg.Wait()
	c := Check{CheckPort, true, fmt.Sprintf("%s on %s", ports(tcp, udp), strings.Join(ips, ", ")), ""}
	slices.Sort(dead)
	switch {
	case len(ips) == 0:
		c.OK, c.Detail, c.Hint = false, "nobody can come in: "+ports(tcp, udp)+", but this machine has no address", "join a network"
	case len(dead) > 0:
		c.OK = false
		c.Detail += "; no answer on TCP from " + strings.Join(dead, ", ")
		c.Hint = "a firewall on this machine may be in the way, or --listen names other addresses"
	}
	return c
}

func knock(ctx context.Context, addr string) error {
	d := net.Dialer{Timeout: knockTimeout}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}

func ports(tcp, udp int) string {
	switch {
	case tcp != 0 && udp != 0:
		return fmt.Sprintf("TCP %d and UDP %d (QUIC)", tcp, udp)
	case udp != 0:
		return fmt.Sprintf("UDP %d (QUIC)", udp)
	}
	return fmt.Sprintf("TCP %d", tcp)
}

func checkMDNS(s discovery.Status) (list []Check) {
	switch {
	case !s.MDNS:
		return []Check{{CheckMDNS, true, "switched off: contacts are found at known addresses alone", "start without --mdns=false, or set `truce config mdns true`, to find them on this network"}}
	case s.Err != nil:
		return []Check{{
			CheckMDNS, false, "does not work: " + s.Err.Error(),
			"another program may keep UDP port 5353 to itself; it is tried again every minute",
		}}
	}
	for _, l := range s.LANs {
		if l.Used && !l.Loopback() {
			list = append(list, checkLAN(l))
		}
	}
	return list[:min(len(list), maxInterfaceRows)]
}

func checkLAN(l discovery.LAN) Check {
	c := Check{CheckMDNS, true, fmt.Sprintf("%s: %d sent; heard from others %d queries and %d announcements, %d of contacts",
		l.Name, l.Sent, l.Queries, l.Heard, l.Known), ""}
	switch {
	case l.Failed != nil:
		c.OK, c.Detail, c.Hint = false, l.Name+": nothing can be sent: "+l.Failed.Error(), "a firewall on this machine must let UDP port 5353 out"
	case l.Last.IsZero():
		c.Hint = "if others run Truce on this network: a firewall must let UDP port 5353 in; some Wi-Fi networks, of guests above all, keep devices apart"
	default:
		c.Detail += fmt.Sprintf(", the last %s ago", ago(time.Now(), l.Last))
	}
	return c
}

// checkFirewall judges by who has come in. That nobody has is no fault by
// itself: whoever starts later dials.
func (n *Node) checkFirewall(s discovery.Status, contacts []chat.ContactView, tcp, udp int) Check {
	came := n.trails.came()
	if came.count > 0 {
		return Check{CheckFirewall, true, fmt.Sprintf("others get in: %d came, the last %s ago", came.count, ago(time.Now(), came.last)), ""}
	}
	c := Check{CheckFirewall, true, "nobody has come in from another machine yet", ""}
	f := localFirewall(tcp, udp)
	heard := slices.ContainsFunc(s.LANs, func(l discovery.LAN) bool { return l.Known > 0 })
	if f.name != "" {
		c.Detail += "; " + f.name + " is on"
	}
	if f.name != "" || heard && len(n.linked()) == 0 && len(contacts) > 0 {
		c.OK, c.Hint = false, f.hint
	}
	return c
}

// checkGiven tells how visits to the peers that the user named went.
func (n *Node) checkGiven(e *endpoint) (list []Check) {
	for _, p := range e.reach.given {
		c := Check{CheckPeer, true, "given by --peer: ", ""}
		if len(p.Addrs) > 0 {
			c.Detail = p.Addrs[0].String() + ", " + c.Detail
		}
		switch why, known := n.trails.visit(p.ID); {
		case !known:
			c.Detail += "not tried yet"
		case why == nil:
			c.Detail += "reached"
		default:
			c.OK, c.Detail, c.Hint = false, c.Detail+why.what, why.next
		}
		list = append(list, c)
	}
	return list
}
