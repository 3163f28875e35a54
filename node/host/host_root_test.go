//go:build root && linux

package host_test

import (
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/truce-im/truce/node/host"
)

// offline moves the rest of the test into a network namespace where lo alone
// exists, up or down. The thread is thrown away with its goroutine.
func offline(t *testing.T, up bool) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	if !up {
		return
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}

func TestLoopbackIsTheOnlyNetwork(t *testing.T) {
	offline(t, true)
	h := start(t, host.Config{})
	if tcp, udp := host.Ports(h); tcp == 0 || tcp != udp {
		t.Errorf("ports %d, %d", tcp, udp)
	}
	addrs := host.Addrs(h)
	if len(addrs) == 0 {
		t.Error("no address")
	}
	for _, a := range addrs {
		if !strings.HasPrefix(a.String(), "/ip4/127.0.0.1/") && !strings.HasPrefix(a.String(), "/ip6/::1/") {
			t.Errorf("address %s", a)
		}
	}
}

// A node that starts before its network has no address, but it listens.
func TestNoNetworkYet(t *testing.T) {
	offline(t, false)
	h := start(t, host.Config{})
	if tcp, udp := host.Ports(h); tcp == 0 || tcp != udp {
		t.Errorf("ports %d, %d", tcp, udp)
	}
	if addrs := host.Addrs(h); len(addrs) != 0 {
		t.Errorf("addresses %s", addrs)
	}
}
