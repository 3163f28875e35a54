//go:build root && linux

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// Two people behind routers that keep the ports find each other by a link alone, are
// linked by a relay, and soon directly.
func TestRootPunch(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
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
			_, one := l.public("One", "11.0.0.1", "4001")
			_, two := l.public("Two", "11.0.0.2", "4001", one)
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

// Routers that let only some packets out.
var (
	noUDP   = `oifname "wan" meta l4proto udp drop`
	only443 = `oifname "wan" tcp dport != 443 drop`
)

// Where UDP is blocked, on one side or on both, and where nothing but TCP port 443 leads
// out, two people find each other and talk all the same.
func TestRootBlocked(t *testing.T) {
	for name, test := range map[string]struct {
		ann, ben []string
		port     string
	}{
		"no UDP on one side":   {[]string{noUDP}, nil, "4001"},
		"no UDP on both sides": {[]string{noUDP}, []string{noUDP}, "4001"},
		"only TCP 443":         {[]string{noUDP, only443}, []string{noUDP, only443}, "443"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			_, one := l.public("One", "11.0.0.1", test.port)
			_, two := l.public("Two", "11.0.0.2", test.port, one)
			ann := l.router("H1", "11.0.0.11", "192.168.1", false, test.ann...).inside("Ann", "192.168.1.10", one, two)
			ben := l.router("H2", "11.0.0.12", "192.168.2", false, test.ben...).inside("Ben", "192.168.2.10", one, two)
			befriend(ben, ann)
			ben.must("send", "Ann", "over TCP", "--wait", "10s")
			ann.must("send", "Ben", "and back", "--wait", "10s")
			same(t, ann, ben, 2)
			t.Logf("linked by %s", ann.via(ben))
		})
	}
}

// The relay that carries a link is killed: another takes its place.
func TestRootRelayKilled(t *testing.T) {
	l := newLAN(t)
	var nodes []*machine
	var by []string
	for i, name := range []string{"One", "Two", "Three"} {
		m, addr := l.public(name, fmt.Sprint("11.0.0.", i+1), "4001", by...)
		nodes, by = append(nodes, m), append(by, addr)
	}
	ann := l.router("H1", "11.0.0.11", "192.168.1", true).inside("Ann", "192.168.1.10", by...)
	ben := l.router("H2", "11.0.0.12", "192.168.2", true).inside("Ben", "192.168.2.10", by...)
	befriend(ben, ann)
	for i := range 2 {
		carrier := slices.IndexFunc(nodes, func(m *machine) bool { return strings.HasPrefix(ben.over(ann), "/ip4/"+m.at+"/") })
		if carrier < 0 {
			t.Fatalf("nobody carries %q", ben.over(ann))
		}
		nodes[carrier].kill()
		began := time.Now()
		ben.must("send", "Ann", fmt.Sprint("still there? ", i), "--wait", "60s")
		t.Logf("delivered %v after the death of the relay", time.Since(began))
		nodes[carrier].start()
	}
	same(t, ann, ben, 2)
}

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

// The node by which the two entered goes for good; what they have met since carries
// on, also over a restart.
func TestRootBootstrapGone(t *testing.T) {
	l := newLAN(t)
	boot, by := l.public("Boot", "11.0.0.1", "4001")
	for i, name := range []string{"Two", "Three"} {
		l.public(name, fmt.Sprint("11.0.0.", i+2), "4001", by)
	}
	ann := l.router("H1", "11.0.0.11", "192.168.1", true).inside("Ann", "192.168.1.10", by)
	ben := l.router("H2", "11.0.0.12", "192.168.2", true).inside("Ben", "192.168.2.10", by)
	befriend(ben, ann)
	boot.kill()
	ben.must("send", "Ann", "still there", "--wait", "60s")
	ann.kill()
	ben.kill()
	ann.start()
	ben.start()
	ben.must("send", "Ann", "again", "--wait", "90s")
	same(t, ann, ben, 2)
}

// A conversation begun on a LAN goes on over the internet when the two part, in one LAN
// without internet, and apart again, with nothing done by them.
func TestRootRoaming(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	home := l.router("H1", "11.0.0.11", "192.168.1", false)
	cafe := l.router("H2", "11.0.0.12", "192.168.2", false)
	cut := &lan{t: t, name: l.name + "H3", binary: l.binary}
	cut.bridge()
	ann, ben := home.plug("Ann"), home.plug("Ben")
	for i, m := range []*machine{ann, ben} {
		m.address(fmt.Sprint("192.168.1.", 10+i))
		m.gateway("192.168.1.1")
		m.run = []string{"--bootstrap", one, "--bootstrap", two}
		m.start()
	}
	befriend(ben, ann)
	n := 0
	talk := func(where string) {
		t.Helper()
		began := time.Now()
		ben.must("send", "Ann", where, "--wait", "60s")
		there := time.Since(began)
		ann.must("send", "Ben", "yes, "+where, "--wait", "60s")
		n += 2
		same(t, ann, ben, n)
		direct := ben.until("a direct link "+where, 20*time.Second, func() bool { return ben.via(ann) == "direct" && ann.via(ben) == "direct" })
		t.Logf("%s: delivered after %v, directly after %v more", where, there, direct)
		if there > 5*time.Second {
			t.Errorf("%s it took %v", where, there)
		}
	}
	talk("at home")
	ben.move(cafe, "192.168.2.10", "192.168.2.1")
	talk("in the café")
	ann.move(cut, "192.168.3.10", "")
	ben.move(cut, "192.168.3.11", "")
	talk("on the island")
	ann.move(home, "192.168.1.10", "192.168.1.1")
	ben.move(cafe, "192.168.2.10", "192.168.2.1")
	talk("apart again")
	ben.move(home, "192.168.1.11", "192.168.1.1")
	talk("at home again")
}

// Ten people, behind routers of their own, lose one packet of ten.
func TestRootTenLossy(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	var list []*machine
	for i := range 10 {
		h := l.router(fmt.Sprint("H", i), fmt.Sprint("11.0.0.", 20+i), fmt.Sprint("192.168.", 20+i), false)
		m := h.inside(string(rune('A'+i))+"nn", fmt.Sprintf("192.168.%d.10", 20+i), one, two)
		m.lose()
		list = append(list, m)
	}
	for i, m := range list {
		befriend(m, list[(i+1)%len(list)], 2*time.Minute)
	}
	for i, m := range list {
		next := list[(i+1)%len(list)]
		m.must("send", next.name, "with losses", "--wait", "120s")
		next.must("send", m.name, "and back", "--wait", "120s")
	}
}

// Who has yesterday's link, which was reset, gets nothing.
func TestRootResetLink(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	ann := l.router("H1", "11.0.0.11", "192.168.1", false).inside("Ann", "192.168.1.10", one, two)
	old := ann.must("link")[0].Link
	ann.until("she can be found", 20*time.Second, func() bool { return strings.Contains(ann.must("link")[0].Link, "p2p-circuit") })
	full := ann.must("link")[0].Link
	ann.must("link", "--reset")
	eve := l.router("H2", "11.0.0.12", "192.168.2", false).inside("Eve", "192.168.2.10", one, two)
	for _, link := range []string{old, full} {
		if _, status, _ := eve.do("add", link, "Ann"); status != 0 && status != 4 {
			t.Errorf("add: exit %d", status)
		}
	}
	ben := l.router("H3", "11.0.0.13", "192.168.3", false).inside("Ben", "192.168.3.10", one, two)
	befriend(ben, ann) // by the new link, which takes longer than the old one would
	time.Sleep(15 * time.Second)
	if r := ann.must("requests"); len(r) != 0 {
		t.Errorf("requests: %+v", r)
	}
	for _, r := range eve.must("peers") {
		if r.Name == "Ann" || strings.Contains(r.Addr, "11.0.0.11") {
			t.Errorf("Eve is connected with Ann: %+v", r)
		}
	}
}

// Who has a public address without saying so finds out from others, and is reached
// directly.
func TestRootReachable(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	ann := l.join("Ann", "11.0.0.9", one)
	ann.until("she knows", time.Minute, func() bool {
		return slices.ContainsFunc(ann.must("doctor"), func(r row) bool {
			return r.Check == "reachability" && strings.Contains(r.Detail, "reach this node directly")
		})
	})
	ben := l.router("H1", "11.0.0.11", "192.168.1", true).inside("Ben", "192.168.1.10", one, two)
	befriend(ben, ann)
	if v := ben.via(ann); v != "direct" {
		t.Errorf("linked by %q", v)
	}
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

// A router that opens ports when asked makes a node reachable directly.
func TestRootPortMap(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	home := l.router("H1", "11.0.0.11", "192.168.1", true)
	home.opens("11.0.0.11", "192.168.1")
	ann := home.inside("Ann", "192.168.1.10", one, two)
	said := func(check, text string) bool {
		return slices.ContainsFunc(ann.must("doctor"), func(r row) bool { return r.Check == check && strings.Contains(r.Detail, text) })
	}
	ann.until("the router lets others in", time.Minute, func() bool { return said("portmap", "lets others in at /ip4/11.0.0.11/") })
	ann.until("she knows", time.Minute, func() bool { return said("reachability", "reach this node directly") })
	ben := l.router("H2", "11.0.0.12", "192.168.2", true).inside("Ben", "192.168.2.10", one, two)
	befriend(ben, ann)
	if v := ben.via(ann); v != "direct" {
		t.Errorf("linked by %q", v)
	}
}

// Who hides where she is, is found and talked with by relays alone.
func TestRootHidden(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	ann := l.router("H1", "11.0.0.11", "192.168.1", false).inside("Ann", "192.168.1.10", one, two)
	ben := l.router("H2", "11.0.0.12", "192.168.2", false).inside("Ben", "192.168.2.10", one, two)
	ann.must("config", "hide", "true")
	befriend(ben, ann, time.Minute)
	for i := range 5 {
		ben.must("send", "Ann", fmt.Sprint("where are you? ", i), "--wait", "20s")
		ann.must("send", "Ben", "guess", "--wait", "20s")
	}
	for _, m := range []struct {
		who      *machine
		of, sees string
	}{{ben, "Ann", "11.0.0.11"}, {ann, "Ben", "11.0.0.12"}} {
		for _, r := range m.who.must("peers") {
			if strings.Contains(r.Addr, m.sees) || r.Name == m.of && r.Via != "relay" {
				t.Errorf("%s is connected with %+v", m.who.name, r)
			}
		}
	}
	if link := ann.must("link")[0].Link; strings.Contains(link, "192.168.") || strings.Contains(link, "11.0.0.11") {
		t.Errorf("the link says where she is: %s", link)
	}
}

// How long the first contact takes from cold, by a link without addresses, where both
// are behind routers; and how long until it is direct.
func TestRootFirstContactBehindRouters(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	left, right := l.router("H1", "11.0.0.11", "192.168.1", false), l.router("H2", "11.0.0.12", "192.168.2", false)
	const pairs = 12
	var contact, punched []time.Duration
	for i := range pairs {
		suffix := string(rune('A' + i))
		ann, ben := left.inside("Ann"+suffix, fmt.Sprint("192.168.1.", 10+i), one, two), right.inside("Ben"+suffix, fmt.Sprint("192.168.2.", 10+i), one, two)
		began := time.Now()
		ben.must("add", ann.link(), "--note", "it is me")
		ann.until("the request arrives", time.Minute, func() bool { return len(ann.must("requests")) == 1 })
		contact = append(contact, time.Since(began))
		ann.must("accept", ben.name)
		punched = append(punched, ann.until("a direct link", 30*time.Second, func() bool { return ann.via(ben) == "direct" }))
		ann.kill()
		ben.kill()
	}
	for what, times := range map[string][]time.Duration{"first contact by link": contact, "direct after that": punched} {
		slices.Sort(times)
		t.Logf("%s: median %v, 95 %% within %v, worst %v", what, times[pairs/2], times[pairs*95/100], times[pairs-1])
	}
}
