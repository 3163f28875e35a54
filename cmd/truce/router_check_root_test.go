//go:build root && linux

package main_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// within calls f where the network is the machine's. What f opens stays there; f must
// not leave the goroutine for it.
func (m *machine) within(f func() error) {
	m.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		done <- func() error {
			fd, err := unix.Open("/run/netns/"+m.ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return err
			}
			return f()
		}()
	}()
	if err := <-done; err != nil {
		m.t.Fatalf("%s: %v", m.name, err)
	}
}

// udp opens a socket on the machine.
func (m *machine) udp(addr string) *net.UDPConn {
	m.t.Helper()
	var c *net.UDPConn
	m.within(func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
		return err
	})
	m.t.Cleanup(func() { c.Close() })
	return c
}

// tcp tells whether the machine can connect with the address.
func (m *machine) tcp(addr string) bool {
	m.t.Helper()
	var c net.Conn
	var failed error
	m.within(func() error {
		c, failed = net.DialTimeout("tcp4", addr, time.Second)
		return nil
	})
	if failed != nil {
		return false
	}
	c.Close()
	return true
}

// serve accepts connections at the address and ends them.
func (m *machine) serve(addr string) {
	m.t.Helper()
	var l net.Listener
	m.within(func() (err error) {
		l, err = net.Listen("tcp4", addr)
		return err
	})
	m.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
}

// hear returns whom the next packet is from, or nil when none comes.
func hear(c *net.UDPConn) net.Addr {
	c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	_, from, err := c.ReadFrom(make([]byte, 16))
	if err != nil {
		return nil
	}
	return from
}

// The routers of the other tests are what they are taken for, seen by plain packets.
func TestRootRouters(t *testing.T) {
	for name, test := range map[string]struct {
		symmetric bool
		rules     []string
		udp       string   // how four servers see the ports of one socket
		tcp       []string // the ports that can be reached, of 443 and 4001
	}{
		"port-preserving": {udp: "kept", tcp: []string{"443", "4001"}},
		"symmetric":       {symmetric: true, udp: "drawn", tcp: []string{"443", "4001"}},
		"no UDP":          {rules: []string{noUDP}, udp: "none", tcp: []string{"443", "4001"}},
		"only TCP 443":    {rules: []string{noUDP, only443}, udp: "none", tcp: []string{"443"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			out := l.plug("Out")
			out.address("11.0.0.1")
			in := l.router("H1", "11.0.0.11", "192.168.1", test.symmetric, test.rules...).plug("In")
			in.address("192.168.1.10")
			in.gateway("192.168.1.1")

			if udp := ports(t, in, out); udp != test.udp {
				t.Errorf("ports of UDP: %s, want %s", udp, test.udp)
			}
			var tcp []string
			for _, port := range []string{"443", "4001"} {
				out.serve("11.0.0.1:" + port)
				if in.tcp("11.0.0.1:" + port) {
					tcp = append(tcp, port)
				}
			}
			if !slices.Equal(tcp, test.tcp) {
				t.Errorf("ports of TCP that can be reached: %v, want %v", tcp, test.tcp)
			}
		})
	}
}

// ports tells what becomes of the port of a socket at home on its way to four servers:
// it is kept, or one is drawn for each, or none of the packets arrives. Who was not
// called does not get in.
func ports(t *testing.T, in, out *machine) string {
	t.Helper()
	home, stranger := in.udp("192.168.1.10:5000"), out.udp("11.0.0.1:7000")
	var seen []uint16
	for i := range 4 {
		server := out.udp(fmt.Sprint("11.0.0.1:", 6000+i))
		home.WriteTo([]byte("who am I?"), server.LocalAddr()) // which may be told that nothing leads out
		from := hear(server)
		if from == nil {
			continue
		}
		seen = append(seen, uint16(from.(*net.UDPAddr).Port))
		stranger.WriteTo([]byte("let me in"), from)
		if server.WriteTo([]byte("you are"), from); fmt.Sprint(hear(home)) != server.LocalAddr().String() {
			t.Errorf("no answer from %v", server.LocalAddr())
		}
	}
	if from := hear(home); from != nil {
		t.Errorf("%v came in", from)
	}
	slices.Sort(seen)
	switch different := len(slices.Compact(slices.Clone(seen))); {
	case len(seen) == 0:
		return "none"
	case len(seen) == 4 && different == 1 && seen[0] == 5000:
		return "kept"
	case len(seen) == 4 && different > 1:
		return "drawn"
	}
	return fmt.Sprint(seen)
}
