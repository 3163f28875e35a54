package nodetest

import (
	"context"
	"net"
	"net/netip"

	"github.com/truce-im/truce/discovery"
)

// Machine is the view of a machine that has one address on a Network, in a
// subnet of 256, and whose interfaces never change.
func Machine(ip string) discovery.Network {
	return machine{netip.PrefixFrom(netip.MustParseAddr(ip), 24)}
}

type machine struct{ at netip.Prefix }

func (m machine) Interfaces() ([]discovery.Interface, error) {
	return []discovery.Interface{{
		Index: 1, Name: "mem0", Flags: net.FlagUp | net.FlagRunning, Prefixes: []netip.Prefix{m.at},
	}}, nil
}

func (machine) Watch(ctx context.Context, changed func()) error {
	changed()
	<-ctx.Done()
	return nil
}
