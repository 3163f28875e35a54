package node_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"

	chatlink "github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// check returns the only check of a name, or the first whose detail has part.
func check(t *testing.T, list []node.Check, name, part string) node.Check {
	t.Helper()
	for _, c := range list {
		if c.Name == name && strings.Contains(c.Detail, part) {
			return c
		}
	}
	t.Errorf("no check %s with %q in %+v", name, part, list)
	return node.Check{}
}

func TestDiagnose(t *testing.T) {
	virtually(t, func(t *testing.T, net *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		send(t, a, b, "hello")
		list := a.Diagnose(t.Context())
		for _, c := range list {
			switch c.Name {
			case node.CheckProtection, node.CheckClock: // it is the year 2000
				if c.OK || c.Hint == "" {
					t.Errorf("%+v", c)
				}
			case node.CheckFirewall: // this machine may have one
			default:
				if !c.OK {
					t.Errorf("%+v", c)
				}
			}
		}
		check(t, list, node.CheckNode, "runs")
		check(t, list, node.CheckPort, "UDP 8000 (QUIC) on 1.0.0.1")
		check(t, list, node.CheckMDNS, "switched off")
		check(t, list, node.CheckContact, "Ben: linked over QUIC at 1.0.0.2")
		check(t, b.Diagnose(t.Context()), node.CheckFirewall, "others get in: 1 came")

		time.Sleep(time.Second) // virtual: until he has shown himself
		net.Cut(ben.ip, true)
		send(t, a, b, "are you there?")
		eventually(t, a, "the dead peer is noticed", func() bool { return !online(t, a, b) })
		time.Sleep(time.Minute) // virtual: until a dial has failed
		c := check(t, a.Diagnose(t.Context()), node.CheckContact, "Ben: not linked; last seen 2000-01-01")
		if !strings.Contains(c.Detail, "over QUIC at 1.0.0.2; tried ") || !strings.Contains(c.Detail, "no answer") || c.Hint == "" {
			t.Errorf("%+v", c)
		}
	})
}

// The clock is compared with what contacts say of theirs, and with the past.
func TestDiagnoseClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann, ben := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2")
		now := func() time.Time { return time.Now().Add(27*365*24*time.Hour + time.Hour) }
		a := ann.start(t, func(c *node.Config) { c.Now = func() time.Time { return now().Add(time.Hour) } })
		b := ben.start(t, func(c *node.Config) { c.Now = now })
		befriend(t, a, b)
		for n, want := range map[*node.Node]string{
			a: "1h0m0s ahead of your contacts' clocks",
			b: "1h0m0s behind your contacts' clocks",
		} {
			if c := check(t, n.Diagnose(t.Context()), node.CheckClock, want); c.OK || c.Hint == "" {
				t.Errorf("%+v", c)
			}
		}
		a.Close()
		a = start(t, ann.home, "", func(c *node.Config) { c.Offline, c.Now = true, now })
		if c := check(t, a.Diagnose(t.Context()), node.CheckClock, "the clock went back"); c.OK {
			t.Errorf("%+v", c)
		}
		a.Close()
		a = start(t, ann.home, "", func(c *node.Config) { c.Offline = true })
		if c := check(t, a.Diagnose(t.Context()), node.CheckClock, "it is 2000-01-01"); c.OK {
			t.Errorf("%+v", c)
		}
	})
}

func TestDiagnoseWithoutANode(t *testing.T) {
	home := filepath.Join(t.TempDir(), "a", "b")
	list := node.DiagnoseHome(home)
	if c := check(t, list, node.CheckNode, "no node runs"); c.OK || !strings.Contains(c.Hint, "truce run") {
		t.Errorf("%+v", c)
	}
	if c := check(t, list, node.CheckAccount, "no account"); c.OK {
		t.Errorf("%+v", c)
	}
	check(t, list, node.CheckDisk, "free")
	if _, err := os.Stat(home); err == nil {
		t.Error("looking at a home makes it")
	}
	n := start(t, home, "Ann", func(c *node.Config) { c.Offline, c.Protect = true, []byte("secret") })
	check(t, n.Diagnose(t.Context()), node.CheckNode, "no node runs")
	check(t, n.Diagnose(t.Context()), node.CheckProtection, "a passphrase protects")
	n.Close()
	check(t, node.DiagnoseHome(home), node.CheckProtection, "a passphrase protects")
}

func TestExplain(t *testing.T) {
	for want, err := range map[string]error{
		"does not know you": fmt.Errorf("%w: EOF", chatlink.ErrNoRelation),
		"somebody else's":   fmt.Errorf("dial: %w", sec.ErrPeerIDMismatch{}),
		"no node listens":   errors.Join(errors.New("x"), &os.SyscallError{Err: syscall.ECONNREFUSED}),
		"no relay": &swarm.DialError{DialErrors: []swarm.TransportError{
			{Address: ma.StringCast("/ip4/9.9.9.9/tcp/1/p2p/12D3KooWByaAq95yZpRHkjKb3wovpMgq7iQSzaPfH6sUZbzAgnS2/p2p-circuit"), Cause: syscall.ECONNREFUSED},
		}},
		"no answer": fmt.Errorf("dial: %w", context.DeadlineExceeded),
		"no way":    errors.Join(syscall.EHOSTUNREACH),
		"broke off": errors.New("\x1b[2Jfrom afar"),
	} {
		if got := node.Explain(err); !strings.Contains(got, want) {
			t.Errorf("%v: %q", err, got)
		}
	}
}

func TestUFW(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ufw.conf")
	if node.UFWOn(path) {
		t.Error("a file that is not there switches it on")
	}
	for text, want := range map[string]bool{"# x\nENABLED=yes\nLOGLEVEL=low\n": true, "# x\nENABLED=no\n": false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if node.UFWOn(path) != want {
			t.Errorf("%q", text)
		}
	}
}

func TestOpenEach(t *testing.T) {
	for ports, want := range map[[2]int]string{
		{1, 2}: "allow 1/tcp; allow 2/udp", {1, 0}: "allow 1/tcp", {0, 2}: "allow 2/udp",
	} {
		if got := node.OpenEach(ports[0], ports[1], "allow %s", "; "); got != want {
			t.Errorf("%v: %q, want %q", ports, got, want)
		}
	}
}
