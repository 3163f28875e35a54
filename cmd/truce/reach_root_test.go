//go:build root && linux

package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

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
	ann, ben := atHome(t, false, false)
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

// Who hides, from one or from all, and then no more, listens where they did; and the
// link with them, which begins before either knows where they are seen, is direct again.
func TestRootHiddenForAWhile(t *testing.T) {
	ann, ben := atHome(t, false, false)
	befriend(ben, ann)
	direct := func() bool { return ben.via(ann) == "direct" && ann.via(ben) == "direct" }
	ann.until("a direct link", 20*time.Second, direct)
	at := ben.over(ann)
	for _, hide := range [][2][]string{
		{{"hide", "Ben"}, {"hide", "Ben", "--off"}},
		{{"config", "hide", "true"}, {"config", "hide", "false"}},
	} {
		ann.must(hide[0]...)
		ben.must("send", "Ann", "where are you?", "--wait", "20s")
		if v := ben.via(ann); v != "relay" {
			t.Errorf("%q: linked by %q", hide[0], v)
		}
		ann.must(hide[1]...)
		t.Logf("direct %v after %q", ann.until("a direct link", 20*time.Second, direct), hide[1])
	}
	if now := ben.over(ann); portOf(now) != portOf(at) {
		t.Errorf("Ann was at %s, and is at %s", at, now)
	}
	for range 3 {
		ann.kill()
		ann.start()
		ann.until("a direct link after a restart", 20*time.Second, direct)
	}
}

// portOf is the port in an address.
func portOf(addr string) string {
	if parts := strings.Split(addr, "/"); len(parts) > 4 {
		return parts[4]
	}
	return addr
}

// A router is without its line for a minute, which machines behind it are not told: soon
// after it is back so are their links.
func TestRootLineDown(t *testing.T) {
	l := newLAN(t)
	_, one := l.public("One", "11.0.0.1", "4001")
	_, two := l.public("Two", "11.0.0.2", "4001", one)
	home := l.router("H1", "11.0.0.11", "192.168.1", false)
	ann := home.inside("Ann", "192.168.1.10", one, two)
	ben := l.router("H2", "11.0.0.12", "192.168.2", false).inside("Ben", "192.168.2.10", one, two)
	befriend(ben, ann)
	home.ip("-n", home.name, "link", "set", "wan", "down")
	began := time.Now()
	for _, m := range []*machine{ann, ben} {
		m.until("the end of the link", time.Minute, func() bool { return len(m.must("peers")) == 0 || m == ben && ben.via(ann) == "" })
	}
	ann.until("a minute is over", time.Minute, func() bool { return time.Since(began) > 50*time.Second })
	home.ip("-n", home.name, "link", "set", "wan", "up")
	began = time.Now()
	ben.must("send", "Ann", "are you back?", "--wait", "30s")
	t.Logf("delivered %v after the line was back", time.Since(began))
}
