//go:build root && linux

package main_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func pair(t *testing.T) (ann, ben *machine) {
	l := newLAN(t)
	ann, ben = l.plug("Ann"), l.plug("Ben")
	ann.address("10.77.0.1")
	ben.address("10.77.0.2")
	return ann, ben
}

// Two machines on a network without a way out, from cold.
func TestRootTwoPeopleOnALAN(t *testing.T) {
	ann, ben := pair(t)
	ann.start()
	ben.start()
	befriend(ann, ben)
	m := ann.must("send", "Ben", "hello", "--wait", "10s")[0]
	if m.State != "delivered" {
		t.Errorf("after --wait it is %s", m.State)
	}
	ben.must("read", "Ann")
	ann.until("read", 5*time.Second, func() bool { return ann.must("show", m.ID)[0].State == "read" })
	ben.must("send", "Ann", "hello back", "--wait", "10s")
	same(t, ann, ben, 2)
	ann.stop()
	ben.stop()
}

// same checks that both histories are equal and have n messages.
func same(t *testing.T, a, b *machine, n int) {
	t.Helper()
	ha, hb := history(a, b), history(b, a)
	ids := func(list []row) (ids []string) {
		for _, r := range list {
			ids = append(ids, r.ID+" "+r.Text)
		}
		return ids
	}
	if len(ha) != n || !slices.Equal(ids(ha), ids(hb)) {
		t.Errorf("the histories have %d and %d messages, want %d, equal: %v", len(ha), len(hb), n, slices.Equal(ids(ha), ids(hb)))
	}
}

// kill -9 of either side about once a second while both send 400 messages.
func TestRootKilledAgainAndAgain(t *testing.T) {
	const messages = 400
	ann, ben := pair(t)
	ann.start()
	ben.start()
	befriend(ann, ben)

	done := make(chan struct{})
	var killer sync.WaitGroup
	kills := 0
	killer.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			m := []*machine{ann, ben}[rand.IntN(2)]
			m.kill()
			m.start()
			kills++
		}
	})
	var senders sync.WaitGroup
	for _, x := range [][2]*machine{{ann, ben}, {ben, ann}} {
		from, to := x[0], x[1]
		senders.Go(func() {
			for i := range messages {
				args := []string{"send", to.name, fmt.Sprintf("%s %d", from.name, i), "--key", fmt.Sprintf("k%d", i)}
				from.until("the message is taken", 30*time.Second, func() bool {
					_, status, _ := from.do(args...)
					return status == 0
				})
			}
		})
	}
	senders.Wait()
	close(done)
	killer.Wait()
	for _, m := range []*machine{ann, ben} {
		m.until("everything is delivered", 60*time.Second, func() bool { return len(m.must("outbox")) == 0 })
	}
	t.Logf("killed %d times", kills)
	same(t, ann, ben, 2*messages)
	for _, m := range []*machine{ann, ben} {
		var got, want []string
		for _, r := range history(ann, ben) {
			if strings.HasPrefix(r.Text, m.name) {
				got = append(got, r.Text)
			}
		}
		for i := range messages {
			want = append(want, fmt.Sprintf("%s %d", m.name, i))
		}
		if !slices.Equal(got, want) {
			t.Errorf("what %s sent is not there once each, in order", m.name)
		}
	}
}

// The recipient is away while the sender restarts, and comes back at another
// address; the last message is sent with no node running.
func TestRootRecipientComesBackElsewhere(t *testing.T) {
	ann, ben := pair(t)
	ann.start()
	ben.start()
	befriend(ann, ben)
	ben.kill()
	ann.must("send", "Ben", "one")
	ann.kill()
	ann.start()
	ann.must("send", "Ben", "two")
	ann.stop()
	if _, status, text := ann.do("send", "Ben", "three"); status != 0 || !strings.Contains(text, "no node runs") {
		t.Errorf("with no node running: exit %d, %q", status, text)
	}
	ann.start()
	ben.address("10.77.0.99")
	ben.start()
	ann.until("everything is delivered", 15*time.Second, func() bool { return len(ann.must("outbox")) == 0 })
	same(t, ann, ben, 3)
}

// Cable and addresses come and go under running nodes.
func TestRootNetworkComesAndGoes(t *testing.T) {
	l := newLAN(t)
	ann, ben := l.plug("Ann"), l.plug("Ben")
	ann.address("10.77.0.1")
	ben.ip("-n", ben.ns, "link", "set", "eth0", "down")
	ann.start()
	ben.start() // before there is a network
	ann.must("add", ben.link())
	ben.ip("-n", ben.ns, "link", "set", "eth0", "up")
	ben.address("10.77.0.2")
	took := ben.until("found once there is a network", 10*time.Second, func() bool { return len(ben.must("requests")) == 1 })
	t.Logf("found %v after the network came", took)
	ben.must("accept", "Ann")
	ann.must("send", "Ben", "one", "--wait", "10s")

	l.ip("-n", l.name, "link", "set", "p2", "down")
	m := ann.must("send", "Ben", "two")[0]
	l.ip("-n", l.name, "link", "set", "p2", "up")
	took = ann.until("delivered after the cable is back", 30*time.Second, func() bool { return ann.must("show", m.ID)[0].State == "delivered" })
	t.Logf("delivered %v after the cable was back", took)

	ben.address("10.77.0.42")
	m = ann.must("send", "Ben", "three")[0]
	took = ann.until("delivered at the new address", 30*time.Second, func() bool { return ann.must("show", m.ID)[0].State == "delivered" })
	t.Logf("delivered %v after the address changed", took)
	same(t, ann, ben, 3)
}

// A node stops, and its home is free, while the cable of a contact that it is
// linked with has just been pulled: nobody answers its goodbye.
func TestRootStopsBesideTheDead(t *testing.T) {
	ann, ben := pair(t)
	ann.start()
	ben.start()
	befriend(ann, ben)
	ann.must("send", "Ben", "one", "--wait", "10s")
	ann.ip("-n", ann.lan.name, "link", "set", "p2", "down")
	ann.must("send", "Ben", "two")
	begin := time.Now()
	ann.stop()
	t.Logf("stopped after %v", time.Since(begin))
	ann.must("send", "Ben", "three")
	ann.start()
	ann.ip("-n", ann.lan.name, "link", "set", "p2", "up")
	ann.until("all is delivered", time.Minute, func() bool { return len(ann.must("outbox")) == 0 })
	same(t, ann, ben, 3)
}

// How long the later of two starting nodes takes to be linked with the other.
func TestRootFoundAtOnce(t *testing.T) {
	ann, ben := pair(t)
	ann.start()
	ben.start()
	befriend(ann, ben)
	var times []time.Duration
	for range 20 {
		ben.stop()
		begin := time.Now()
		ben.start()
		ready := time.Since(begin)
		ben.until("linked", 5*time.Second, func() bool { return ben.must("contacts")[0].Presence == "available" })
		times = append(times, time.Since(begin)-ready)
	}
	slices.Sort(times)
	t.Logf("linked after being ready: median %v, worst %v", times[len(times)/2], times[len(times)-1])
}
