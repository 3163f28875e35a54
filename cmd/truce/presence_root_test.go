//go:build root && linux

package main_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sees is how one machine's person is there for another.
func (m *machine) sees(who string) string {
	m.t.Helper()
	for _, r := range m.must("contacts") {
		if r.Name == who {
			return strings.TrimSpace(r.Presence + " " + r.Status)
		}
	}
	return "unknown"
}

// A change shows within a second, who is killed is offline at once, and who is
// invisible is so and gets messages.
func TestRootPresence(t *testing.T) {
	ann, ben := pair(t)
	ann.start()
	ben.start()
	befriend(ann, ben)
	ann.until("Ben is there", 5*time.Second, func() bool { return ann.sees("Ben") == "available" })
	ben.must("status", "busy", "in a meeting")
	ann.until("he is busy", time.Second, func() bool { return ann.sees("Ben") == "busy in a meeting" })
	ben.must("status", "invisible")
	ann.until("he is invisible", time.Second, func() bool { return ann.sees("Ben") == "offline" })
	id := ann.must("send", "Ben", "are you there?")[0].ID
	ben.until("the message is there", 5*time.Second, func() bool { return len(history(ben, ann)) == 1 })
	if s := ann.must("show", id)[0].State; s != "queued" {
		t.Errorf("a tick shows who is invisible: %s", s)
	}
	ben.must("status", "away")
	ann.until("he is away", time.Second, func() bool { return ann.sees("Ben") == "away" })
	ann.until("delivered", 5*time.Second, func() bool { return ann.must("show", id)[0].State == "delivered" })
	ben.kill()
	ann.until("he is gone", 150*time.Second, func() bool { return ann.sees("Ben") == "offline" })
	ben.start()
	ann.until("he is back", time.Minute, func() bool { return ann.sees("Ben") == "away" })
}

// One packet in ten is lost, and everybody sees how everybody is.
func TestRootPresenceWithLoss(t *testing.T) {
	l := newLAN(t)
	ann, ben, cem := l.plug("Ann"), l.plug("Ben"), l.plug("Cem")
	all := []*machine{ann, ben, cem}
	for i, m := range all {
		m.address([]string{"10.77.0.1", "10.77.0.2", "10.77.0.3"}[i])
		m.start()
	}
	befriend(ann, ben)
	befriend(ben, cem)
	befriend(ann, cem)
	nft := exec.Command("ip", "netns", "exec", l.name, "nft", "-f", "-")
	nft.Stdin = strings.NewReader("add table bridge loss\n" +
		"add chain bridge loss tenth { type filter hook forward priority 0; }\n" +
		"add rule bridge loss tenth numgen random mod 10 == 0 drop\n")
	if out, err := nft.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v: %s", err, out)
	}
	for _, mood := range []string{"busy", "away", "available"} {
		for _, m := range all {
			m.must("status", mood, m.name, "is", mood)
		}
		for _, m := range all {
			for _, other := range all {
				if m != other {
					m.until(other.name+" is "+mood, time.Minute, func() bool {
						return m.sees(other.name) == mood+" "+other.name+" is "+mood
					})
				}
			}
		}
	}
}
