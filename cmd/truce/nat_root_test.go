//go:build root && linux

package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Two people behind routers that keep the ports find each other by a link alone, are
// linked by a relay, and soon directly.
func TestRootPunch(t *testing.T) {
	ann, ben := atHome(t, false, false)
	befriend(ben, ann)
	t.Logf("direct after %v", ann.until("a direct link", 5*time.Second, func() bool { return ann.via(ben) == "direct" && ben.via(ann) == "direct" }))
	ben.must("send", "Ann", "found you", "--wait", "10s")
}

// Where a router draws a port for each destination no hole can be punched: the link
// stays on its relay, and works.
func TestRootSymmetric(t *testing.T) {
	for name, both := range map[string]bool{"one": false, "both": true} {
		t.Run(name, func(t *testing.T) {
			ann, ben := atHome(t, true, both)
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
			if test.port == "4001" { // a hole is punched over TCP
				t.Logf("direct after %v", ann.until("a direct link", 20*time.Second, func() bool { return ann.via(ben) == "direct" && ben.via(ann) == "direct" }))
			}
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
