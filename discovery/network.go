package discovery

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

// pollInterval is how often interfaces are compared where the system cannot
// tell of changes.
const pollInterval = 5 * time.Second

// Network is the view of the machine's interfaces that a Manager works from.
type Network interface {
	// Interfaces lists what is there now.
	Interfaces() ([]Interface, error)

	// Watch calls changed after anything about the interfaces may have changed,
	// and once when it begins to watch. It returns nil when ctx ends. changed
	// does not block.
	Watch(ctx context.Context, changed func()) error
}

// Interface is one network interface and its addresses.
type Interface struct {
	Index    int
	Name     string
	Flags    net.Flags
	Prefixes []netip.Prefix // unicast addresses in use, each with its subnet; no zones
}

// up tells whether packets can pass.
func (i Interface) up() bool {
	return i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning != 0
}

func (i Interface) loopback() bool { return i.Flags&net.FlagLoopback != 0 }

func sameInterfaces(a, b []Interface) bool {
	return slices.EqualFunc(a, b, func(x, y Interface) bool {
		return x.Index == y.Index && x.Name == y.Name && x.Flags == y.Flags &&
			slices.Equal(x.Prefixes, y.Prefixes)
	})
}

// machine is the Network of this machine.
type machine struct{}

func (machine) Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	unusable := unusableAddrs()
	out := make([]Interface, 0, len(all))
	for _, ifi := range all {
		addrs, err := ifi.Addrs()
		if err != nil {
			continue // it went away since it was listed
		}
		i := Interface{Index: ifi.Index, Name: ifi.Name, Flags: ifi.Flags}
		for _, a := range addrs {
			p, ok := prefixOf(a)
			if ok && !unusable[ifaceAddr{ifi.Name, p.Addr()}] {
				i.Prefixes = append(i.Prefixes, p)
			}
		}
		slices.SortFunc(i.Prefixes, netip.Prefix.Compare)
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b Interface) int { return a.Index - b.Index })
	return out, nil
}

// Watch listens to the system where it can and polls where it cannot.
func (m machine) Watch(ctx context.Context, changed func()) error {
	if err := watchSystem(ctx, changed); err == nil || ctx.Err() != nil {
		return nil
	}
	return m.poll(ctx, changed)
}

func (m machine) poll(ctx context.Context, changed func()) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		changed()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// ifaceAddr is an address on one interface: link-local ones may be on several.
type ifaceAddr struct {
	iface string
	addr  netip.Addr
}

func prefixOf(a net.Addr) (netip.Prefix, bool) {
	n, ok := a.(*net.IPNet)
	if !ok {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP)
	addr = addr.Unmap()
	bits, size := n.Mask.Size()
	if !ok || size == 0 || addr.IsMulticast() || addr.IsUnspecified() {
		return netip.Prefix{}, false
	}
	if addr.Is4() && size == 128 {
		bits -= 96
	}
	p := netip.PrefixFrom(addr, bits)
	return p, p.IsValid()
}
