//go:build root && linux

package main_test

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

// internet is a network of public addresses without announcements, and a node that
// serves a DHT on it.
func internet(t *testing.T) (l *lan, boot *machine, by string) {
	t.Helper()
	l = newLAN(t)
	boot = l.plug("Boot")
	boot.address("11.0.0.1")
	boot.run = []string{"--mdns=false", "--public", "--listen", "/ip4/11.0.0.1/tcp/4001", "--listen", "/ip4/11.0.0.1/udp/4001/quic-v1"}
	boot.start()
	return l, boot, "/ip4/11.0.0.1/tcp/4001/p2p/" + boot.must("id")[0].Peer
}

// join plugs in a machine whose node enters the DHT there.
func (l *lan) join(name, addr, by string) *machine {
	l.t.Helper()
	m := l.plug(name)
	m.address(addr)
	m.run = []string{"--mdns=false", "--bootstrap", by}
	m.start()
	return m
}

// Two people who have only a link find each other, from cold; the server goes, and they
// go on where they were.
func TestRootFoundByDHT(t *testing.T) {
	l, boot, by := internet(t)
	ann, ben := l.join("Ann", "11.0.0.2", by), l.join("Ben", "11.0.0.3", by)
	befriend(ben, ann)
	ben.must("send", "Ann", "found you", "--wait", "10s")

	boot.kill()
	ann.kill()
	ann.start()
	ben.must("send", "Ann", "still there", "--wait", "30s")
	same(t, ann, ben, 2)
}

// Somebody whose address has changed is found again where only the DHT can tell.
func TestRootMoved(t *testing.T) {
	l, _, by := internet(t)
	ann, ben := l.join("Ann", "11.0.0.2", by), l.join("Ben", "11.0.0.3", by)
	befriend(ben, ann)
	ann.kill()
	ben.kill()
	ann.address("11.0.0.22")
	ben.address("11.0.0.33")
	ann.start()
	ben.start()
	ben.must("send", "Ann", "where are you?", "--wait", "60s")
}

// How long the first contact takes from cold, by a link without addresses.
func TestRootFirstContact(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	l, _, by := internet(t)
	const pairs = 12
	var times []time.Duration
	for i := range pairs {
		ann, ben := l.join("Ann"+string(rune('A'+i)), "11.0.0."+strconv.Itoa(10+2*i), by), l.join("Ben"+string(rune('A'+i)), "11.0.0."+strconv.Itoa(11+2*i), by)
		began := time.Now()
		ben.must("add", ann.link(), "--note", "it is me")
		ann.until("the request arrives", time.Minute, func() bool { return len(ann.must("requests")) == 1 })
		times = append(times, time.Since(began))
		ann.kill()
		ben.kill()
	}
	slices.Sort(times)
	t.Logf("first contact by link: median %v, 95 %% within %v, worst %v", times[pairs/2], times[pairs*95/100], times[pairs-1])
}
