package chat_test

import (
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// nearbyLink is what others make of what the node shows.
func (n *node) nearbyLink(t testing.TB) wire.Link {
	t.Helper()
	secret, shown, err := n.NearbySecret()
	if err != nil || !shown {
		t.Fatalf("the node is not to be seen: %v", err)
	}
	return wire.Link{Account: n.Account(), Secret: secret, Name: n.Name()}
}

func (n *node) setNearby(t testing.TB, value string) {
	t.Helper()
	if err := n.SetSetting(chat.Nearby, value); err != nil {
		t.Fatal(err)
	}
}

// answers tells whether a hello under the secret of a link is answered.
func (n *node) answers(t testing.TB, l wire.Link) bool {
	t.Helper()
	proofs, err := n.Proofs()
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(proofs, func(p chat.Proof) bool { return p.Secret == wire.Secret(l.Secret) })
}

// To be seen nearby is a choice, off until chosen. The secret is another one at
// each start and each time, is not that of the link, and is answered while it
// holds, no longer.
func TestNearbySecret(t *testing.T) {
	n := newNode(t, "Ann")
	if v, err := n.Setting(chat.Nearby); v != "false" || err != nil {
		t.Errorf("at first it is %q, %v", v, err)
	}
	if _, shown, _ := n.NearbySecret(); shown {
		t.Error("shown without having chosen so")
	}
	if proofs, _ := n.Proofs(); len(proofs) != 1 {
		t.Errorf("%d secrets are answered", len(proofs))
	}
	wantCode(t, n.SetSetting(chat.Nearby, "maybe"), chat.CodeUsage)

	turned := n.Turned()
	n.setNearby(t, "true")
	select {
	case <-turned:
	default:
		t.Error("nobody is told")
	}
	var used []wire.ReachSecret
	for _, again := range []func(){
		func() {},
		func() { n.setNearby(t, "false"); n.setNearby(t, "true") },
		func() { n.restart(t) },
	} {
		again()
		l := n.nearbyLink(t)
		if slices.Contains(used, l.Secret) || l.Secret == n.link(t).Secret {
			t.Error("a secret serves twice")
		}
		for i, old := range used {
			if n.answers(t, wire.Link{Secret: old}) {
				t.Errorf("the secret %d is still answered", i)
			}
		}
		if !n.answers(t, l) || !n.answers(t, n.link(t)) {
			t.Error("a secret that holds is not answered")
		}
		used = append(used, l.Secret)
	}
	n.setNearby(t, "true") // as it is
	l := n.nearbyLink(t)
	if l.Secret != used[2] {
		t.Error("the secret changed for nothing")
	}
	if err := n.SetStatus(chat.Status{Mood: chat.MoodInvisible}); err != nil {
		t.Fatal(err)
	}
	if _, shown, _ := n.NearbySecret(); shown {
		t.Error("shown while invisible")
	}
	n.setNearby(t, "false")
	if n.answers(t, l) {
		t.Error("the secret is answered though switched off")
	}
	n.restart(t)
	if _, shown, _ := n.NearbySecret(); shown {
		t.Error("shown after the restart")
	}
}

// A request by what is shown nearby is one like any other. Once it has arrived
// it outlives the secret.
func TestRequestFromNearby(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ben.setNearby(t, "true")
	if _, _, err := ann.Ask(ben.nearbyLink(t), chat.AskOptions{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	open(t, ann, ben).exchange(t)
	ben.setNearby(t, "false")
	ben.restart(t)
	if c, err := ann.AskedBefore("k"); err != nil || c.Account != ben.Account() {
		t.Errorf("asked before: %v, %v", c.Account, err)
	}
	for _, key := range []string{"", "other"} {
		_, err := ann.AskedBefore(key)
		wantCode(t, err, chat.CodeNotFound)
	}
	open(t, ann, ben) // by the pending secret
	if _, _, err := ben.Accept(ann.Account(), ""); err != nil {
		t.Fatal(err)
	}
	open(t, ben, ann).exchange(t)
	if rel := ann.relation(t, ben); rel != chat.Accepted {
		t.Errorf("Ann sees Ben as %s", rel)
	}
}

// A request that has not arrived when the secret is gone is made good by asking
// again.
func TestRequestByAnOldNearbySecret(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ben.setNearby(t, "true")
	if _, _, err := ann.Ask(ben.nearbyLink(t), chat.AskOptions{}); err != nil {
		t.Fatal(err)
	}
	ben.restart(t)
	if _, _, ok := meet(t, ann, ben); ok {
		t.Fatal("the old secret opens a session")
	}
	ann.clock.advance(10)
	if _, _, err := ann.Ask(ben.nearbyLink(t), chat.AskOptions{}); err != nil {
		t.Fatal(err)
	}
	open(t, ann, ben).exchange(t)
	if rel := ben.relation(t, ann); rel != chat.Requested {
		t.Errorf("Ben sees Ann as %s", rel)
	}
}
