package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// listenAttempts bounds the search for a port that is free for TCP and UDP.
// Each draw fails only if another program holds that UDP port.
const listenAttempts = 16

// A family is one version of IP with its address for "every interface".
type family struct{ tcp, any string }

var families = []family{
	{"tcp4", "/ip4/0.0.0.0"},
	{"tcp6", "/ip6/::"},
}

func listen(ctx context.Context, s *swarm.Swarm, cfg Config) error {
	if len(cfg.Listen) > 0 {
		return listenOn(ctx, s, cfg.Listen)
	}
	if cfg.Port != 0 {
		err := listenOnPort(ctx, s, cfg.Port)
		if err == nil {
			return nil
		}
		cfg.Log.Warn("the saved port cannot be used, taking another", "port", cfg.Port, "err", err)
	}
	var err error
	for range listenAttempts {
		if err = listenOnPort(ctx, s, 0); err == nil {
			return nil
		}
	}
	return fmt.Errorf("no port is free for both TCP and UDP: %w", err)
}

// listenOn listens on every address or returns an error that names the first
// that failed.
func listenOn(ctx context.Context, s *swarm.Swarm, addrs []string) error {
	for _, text := range addrs {
		a, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			return fmt.Errorf("listen address %q: %w", text, err)
		}
		if err := listenOne(ctx, s, a); err != nil {
			return err
		}
	}
	return nil
}

// listenOnPort listens for TCP and QUIC on port, in each family that this
// machine has, or on nothing. Port 0: the first listener draws it.
func listenOnPort(ctx context.Context, s *swarm.Swarm, port int) error {
	found := false
	for _, f := range families {
		if !f.available() {
			continue
		}
		found = true
		for _, format := range []string{"%s/tcp/%d", "%s/udp/%d/quic-v1"} {
			a, err := multiaddr.NewMultiaddr(fmt.Sprintf(format, f.any, port))
			if err == nil {
				err = listenOne(ctx, s, a)
			}
			if err != nil {
				s.ListenClose(s.ListenAddresses()...)
				return err
			}
			if port == 0 {
				port, _ = ports(s.ListenAddresses())
			}
		}
	}
	if !found {
		return errors.New("this machine has neither IPv4 nor IPv6")
	}
	return nil
}

func (f family) available() bool {
	l, err := net.Listen(f.tcp, ":0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func listenOne(ctx context.Context, s *swarm.Swarm, a multiaddr.Multiaddr) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := taken(a); err != nil {
		return err
	}
	if err := s.AddListenAddr(a); err != nil {
		return fmt.Errorf("listening on %s: %w", a, err)
	}
	return nil
}

// taken finds out whether another process listens on the TCP port of a. libp2p
// listens with SO_REUSEPORT, so that dials may come from the port that is
// known; with it, two nodes on one port would both succeed and share the
// incoming connections at random.
func taken(a multiaddr.Multiaddr) error {
	network, addr, err := manet.DialArgs(a)
	if err != nil {
		return fmt.Errorf("listen address %s: %w", a, err)
	}
	if network != "tcp4" && network != "tcp6" {
		return nil
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// portOf is the TCP (code multiaddr.P_TCP) or UDP port of a, 0 if it has none.
func portOf(a multiaddr.Multiaddr, code int) int {
	v, err := a.ValueForProtocol(code)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(v) // a multiaddr's port is a number
	return port
}
