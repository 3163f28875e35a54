package host_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/truce-im/truce/node/host"
)

func TestDefaultIsOnePortForAll(t *testing.T) {
	h := start(t, host.Config{})
	tcp, udp := host.Ports(h)
	if tcp == 0 || tcp != udp {
		t.Fatalf("ports %d, %d", tcp, udp)
	}
	want := []string{
		fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", tcp),
		fmt.Sprintf("/ip4/0.0.0.0/udp/%d/quic-v1", tcp),
	}
	if l, err := net.Listen("tcp6", "[::]:0"); err == nil {
		l.Close()
		want = append(want, fmt.Sprintf("/ip6/::/tcp/%d", tcp), fmt.Sprintf("/ip6/::/udp/%d/quic-v1", tcp))
	}
	got := fmt.Sprint(h.Network().ListenAddresses())
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s is not in %s", w, got)
		}
	}
}

func TestPortIsKept(t *testing.T) {
	key := newKey(t)
	h, err := host.New(t.Context(), host.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	saved, _ := host.Ports(h)
	h.Close()

	tcp, udp := host.Ports(start(t, host.Config{Key: key, Port: saved}))
	if tcp != saved || udp != saved {
		t.Errorf("ports %d, %d, saved %d", tcp, udp, saved)
	}
}

func TestTakenPortIsReplaced(t *testing.T) {
	for name, take := range map[string]func(*testing.T) int{
		"tcp": func(t *testing.T) int {
			l, err := net.Listen("tcp4", "0.0.0.0:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			return l.Addr().(*net.TCPAddr).Port
		},
		"udp": func(t *testing.T) int {
			c, err := net.ListenPacket("udp4", "0.0.0.0:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c.LocalAddr().(*net.UDPAddr).Port
		},
		"another node": func(t *testing.T) int {
			p, _ := host.Ports(start(t, host.Config{}))
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			port := take(t)
			var log bytes.Buffer
			h := start(t, host.Config{Port: port, Log: slog.New(slog.NewTextHandler(&log, nil))})
			tcp, udp := host.Ports(h)
			if tcp == port || tcp == 0 || tcp != udp {
				t.Errorf("ports %d, %d instead of %d", tcp, udp, port)
			}
			if !strings.Contains(log.String(), fmt.Sprint("port=", port)) {
				t.Errorf("log %q", &log)
			}
			for _, a := range h.Network().ListenAddresses() {
				if strings.Contains(a.String(), fmt.Sprintf("/%d", port)) {
					t.Errorf("still on %s", a)
				}
			}
		})
	}
}

// What was asked for explicitly is never replaced or left out.
func TestListenIsAllOrNothing(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken, err := manet.FromNetAddr(l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{taken.String(), "nonsense", "/ip4/127.0.0.1", "/ip4/192.0.2.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"} {
		_, err := host.New(t.Context(), host.Config{Key: newKey(t), Listen: []string{quicLoopback, bad}})
		if err == nil {
			t.Errorf("%s: no error", bad)
		} else if part := strings.Split(bad, "/"); !strings.Contains(err.Error(), part[min(2, len(part)-1)]) {
			t.Errorf("%s: the error does not name it: %v", bad, err)
		}
	}
}

func TestAddrs(t *testing.T) {
	h := start(t, host.Config{})
	addrs := host.Addrs(h)
	if len(addrs) == 0 {
		t.Fatal("none")
	}
	loopback := 0
	for _, a := range addrs {
		if id, err := a.ValueForProtocol(multiaddr.P_P2P); err != nil || id != h.ID().String() {
			t.Errorf("%s does not end in the peer id", a)
		}
		if manet.IsIPUnspecified(a) || manet.IsIP6LinkLocal(a) {
			t.Errorf("%s cannot be dialled", a)
		}
		if manet.IsIPLoopback(a) {
			loopback++
		}
	}
	if loopback != 0 && loopback != len(addrs) {
		t.Errorf("loopback among others: %s", addrs)
	}
	// One at a time: libp2p does not wait for a dial over QUIC that lost the race
	// to one over TCP, and a host that is closed meanwhile leaves it behind.
	dialler := listenOn(t, tcpLoopback)
	for _, a := range withoutPeer(addrs) {
		if err := dialler.Connect(t.Context(), info(h, a)); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		dialler.Network().ClosePeer(h.ID())
	}
}

func withoutPeer(addrs []multiaddr.Multiaddr) (out []multiaddr.Multiaddr) {
	for _, a := range addrs {
		a, _ := multiaddr.SplitFunc(a, func(c multiaddr.Component) bool { return c.Protocol().Code == multiaddr.P_P2P })
		out = append(out, a)
	}
	return out
}

func TestAddrsOfLoopbackAlone(t *testing.T) {
	h := listenOn(t, tcpLoopback, quicLoopback)
	tcp, udp := host.Ports(h)
	want := fmt.Sprintf("[/ip4/127.0.0.1/tcp/%d/p2p/%s /ip4/127.0.0.1/udp/%d/quic-v1/p2p/%[2]s]", tcp, h.ID(), udp)
	if got := fmt.Sprint(host.Addrs(h)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// libp2p's SO_REUSEPORT would let a second node share the first one's port.
func TestListenRefusesAnotherNodesTCPPort(t *testing.T) {
	first := listenOn(t, tcpLoopback)
	addr := first.Network().ListenAddresses()[0].String()
	if _, err := host.New(t.Context(), host.Config{Key: newKey(t), Listen: []string{addr}}); err == nil {
		t.Fatalf("two nodes on %s", addr)
	}
}
