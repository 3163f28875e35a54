//go:build root && linux

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// router adds a home to the internet l: a LAN whose router has the address wan on l,
// the first of subnet (such as 192.168.1) at home, and lets nobody in that it does not
// know. Its NAT keeps the ports, or, symmetric, draws one for each destination.
func (l *lan) router(name, wan, subnet string, symmetric bool, rules ...string) *lan {
	l.t.Helper()
	h := &lan{t: l.t, name: l.name + name, binary: l.binary}
	h.bridge()
	h.ip("-n", h.name, "link", "set", "lo", "up")
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
		ct status dnat accept
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
func (l *lan) public(name, addr, port string, by ...string) (*machine, string) {
	l.t.Helper()
	m := l.plug(name)
	m.at = addr
	m.address(addr)
	m.run = []string{"--mdns=false", "--public", "--listen", "/ip4/" + addr + "/tcp/" + port, "--listen", "/ip4/" + addr + "/udp/" + port + "/quic-v1"}
	for _, b := range by {
		m.run = append(m.run, "--bootstrap", b)
	}
	m.start()
	return m, "/ip4/" + addr + "/tcp/" + port + "/p2p/" + m.must("id")[0].Peer
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

// atHome are two people, each behind a router at home, symmetric or not, and two public
// nodes by which they enter the DHT and are reached.
func atHome(t *testing.T, annSymmetric, benSymmetric bool) (ann, ben *machine) {
	t.Helper()
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	return l.router("H1", "11.0.0.11", "192.168.1", annSymmetric).inside("Ann", "192.168.1.10", one, two),
		l.router("H2", "11.0.0.12", "192.168.2", benSymmetric).inside("Ben", "192.168.2.10", one, two)
}

// move has the machine's cable unplugged, and plugged in on another LAN under the address.
func (m *machine) move(to *lan, addr, gateway string) {
	m.t.Helper()
	m.ip("-n", m.ns, "link", "del", "eth0")
	m.moves++
	port := fmt.Sprintf("m%d%s", m.moves, m.name)
	m.ip("-n", to.name, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", m.ns)
	m.ip("-n", to.name, "link", "set", port, "master", "lan", "up")
	m.ip("-n", m.ns, "link", "set", "eth0", "up")
	m.address(addr)
	if gateway != "" {
		m.gateway(gateway)
	}
}

// lose has the machine lose one in ten packets that come.
func (m *machine) lose() {
	m.t.Helper()
	(&lan{t: m.t, name: m.ns}).nft("table inet truce {\n\tchain in {\n\t\ttype filter hook input priority 0\n\t\tiifname eth0 numgen random mod 100 < 10 counter drop\n\t}\n}")
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

// Routers that let only some packets out.
var (
	noUDP   = `oifname "wan" meta l4proto udp drop`
	only443 = `oifname "wan" tcp dport != 443 drop`
)

// over is the address over which m is linked with somebody.
func (m *machine) over(of *machine) string {
	m.t.Helper()
	for _, r := range m.must("peers") {
		if r.Name == of.name {
			return r.Addr
		}
	}
	return ""
}

// opens has a router let in what machines at home ask for, by UPnP and NAT-PMP.
func (l *lan) opens(wan, subnet string) {
	l.t.Helper()
	l.nft(`
table inet filter {
	chain forward {
		type filter hook forward priority -10
		jump miniupnpd
	}
	chain miniupnpd { }
	chain prerouting {
		type nat hook prerouting priority -100
		jump prerouting_miniupnpd
	}
	chain prerouting_miniupnpd { }
	chain postrouting {
		type nat hook postrouting priority 99
		jump postrouting_miniupnpd
	}
	chain postrouting_miniupnpd { }
}`)
	dir := l.t.TempDir()
	conf := filepath.Join(dir, "conf")
	text := "ext_ifname=wan\next_ip=" + wan + "\nlistening_ip=" + subnet + ".1/24\nport=0\nenable_natpmp=yes\nenable_upnp=yes\nsecure_mode=yes\n" +
		"lease_file=" + filepath.Join(dir, "leases") + "\nallow 1024-65535 " + subnet + ".0/24 1024-65535\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.Command("ip", "netns", "exec", l.name, "miniupnpd", "-d", "-f", conf, "-P", filepath.Join(dir, "pid"))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if b, err := os.ReadFile(log.Name()); err == nil && l.t.Failed() {
			l.t.Logf("the router: %s", b[max(0, len(b)-3000):])
		}
	})
}
