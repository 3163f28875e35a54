//go:build root && linux

package main_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// router adds a home to the internet l: a LAN whose router has the address wan on l,
// the first of subnet (such as 192.168.1) at home, and lets nobody in that it does not
// know. Its NAT keeps the ports, or, symmetric, draws one for each destination.
func (l *lan) router(name, wan, subnet string, symmetric bool, rules ...string) *lan {
	l.t.Helper()
	h := &lan{t: l.t, name: l.name + name, binary: l.binary}
	l.ip("netns", "add", h.name)
	l.t.Cleanup(func() { exec.Command("ip", "netns", "del", h.name).Run() })
	h.ip("-n", h.name, "link", "set", "lo", "up")
	h.ip("-n", h.name, "link", "add", "name", "lan", "type", "bridge")
	h.ip("-n", h.name, "link", "set", "lan", "up")
	h.ip("-n", h.name, "addr", "add", subnet+".1/24", "dev", "lan")
	l.ip("-n", l.name, "link", "add", "w"+name, "type", "veth", "peer", "name", "wan", "netns", h.name)
	l.ip("-n", l.name, "link", "set", "w"+name, "master", "lan", "up")
	h.ip("-n", h.name, "addr", "add", wan+"/24", "dev", "wan")
	h.ip("-n", h.name, "link", "set", "wan", "up")
	h.ip("netns", "exec", h.name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
	masquerade := "masquerade"
	if symmetric {
		masquerade = "masquerade fully-random"
	}
	h.nft(fmt.Sprintf(`
table ip truce {
	chain out {
		type nat hook postrouting priority 100
		oifname "wan" %s
	}
	chain through {
		type filter hook forward priority 0
		%s
		iifname "wan" ct state new drop
	}
	chain mine {
		type filter hook input priority 0
		iifname "wan" ct state new drop
	}
}`, masquerade, strings.Join(rules, "\n\t\t")))
	return h
}

func (l *lan) nft(script string) {
	l.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", l.name, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("nft: %v: %s", err, out)
	}
}

// gateway has the machine reach what is not on its LAN by a router.
func (m *machine) gateway(addr string) {
	m.t.Helper()
	m.ip("-n", m.ns, "route", "add", "default", "via", addr)
}

// public plugs in a node that everybody reaches, and returns its address.
func (l *lan) public(name, addr string, by ...string) (*machine, string) {
	l.t.Helper()
	m := l.plug(name)
	m.address(addr)
	m.run = []string{"--mdns=false", "--public", "--listen", "/ip4/" + addr + "/tcp/4001", "--listen", "/ip4/" + addr + "/udp/4001/quic-v1"}
	for _, b := range by {
		m.run = append(m.run, "--bootstrap", b)
	}
	m.start()
	return m, "/ip4/" + addr + "/tcp/4001/p2p/" + m.must("id")[0].Peer
}

// inside plugs a person's machine into a home, with a node that knows the internet by
// those addresses alone.
func (l *lan) inside(name, addr string, by ...string) *machine {
	l.t.Helper()
	m := l.plug(name)
	m.address(addr)
	m.gateway(addr[:strings.LastIndex(addr, ".")] + ".1")
	m.run = []string{"--mdns=false", "--log", "debug"}
	for _, b := range by {
		m.run = append(m.run, "--bootstrap", b)
	}
	m.start()
	return m
}

// via tells over what m is linked with somebody: direct, relay or nothing.
func (m *machine) via(of *machine) string {
	m.t.Helper()
	best := ""
	for _, r := range m.must("peers") {
		if r.Name == of.name && (best == "" || r.Via == "direct") {
			best = r.Via
		}
	}
	return best
}

// Two people behind routers that keep the ports find each other by a link alone, are
// linked by a relay, and soon directly.
func TestRootPunch(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1")
	_, two := l.public("Two", "11.0.0.2", one)
	ann := l.router("H1", "11.0.0.11", "192.168.1", false).inside("Ann", "192.168.1.10", one, two)
	ben := l.router("H2", "11.0.0.12", "192.168.2", false).inside("Ben", "192.168.2.10", one, two)
	befriend(ben, ann)
	t.Logf("direct after %v", ann.until("a direct link", 5*time.Second, func() bool { return ann.via(ben) == "direct" && ben.via(ann) == "direct" }))
	ben.must("send", "Ann", "found you", "--wait", "10s")
}

// Where a router draws a port for each destination no hole can be punched: the link
// stays on its relay, and works.
func TestRootSymmetric(t *testing.T) {
	for name, both := range map[string]bool{"one": false, "both": true} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			_, one := l.public("One", "11.0.0.1")
			_, two := l.public("Two", "11.0.0.2", one)
			ann := l.router("H1", "11.0.0.11", "192.168.1", true).inside("Ann", "192.168.1.10", one, two)
			ben := l.router("H2", "11.0.0.12", "192.168.2", both).inside("Ben", "192.168.2.10", one, two)
			befriend(ben, ann)
			for i := range 5 {
				ben.must("send", "Ann", fmt.Sprint("text ", i), "--wait", "10s")
			}
			if v := ann.via(ben); v != "relay" {
				t.Errorf("linked by %q", v)
			}
			same(t, ann, ben, 5)
			if !slices.ContainsFunc(ann.must("doctor"), func(r row) bool { return strings.Contains(r.Detail, "symmetric") }) {
				t.Errorf("doctor does not say why: %+v", ann.must("doctor"))
			}
		})
	}
}
