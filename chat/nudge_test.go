package chat_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func (n *node) nudge(t testing.TB, other *node) chat.Message {
	t.Helper()
	m, err := n.Nudge(other.Account(), "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNudge(t *testing.T) {
	ann, ben, p := pair(t)
	sent := ann.nudge(t, ben)
	p.exchange(t)
	if got := ben.message(t, sent.ID); !got.Nudge || got.Text != wire.NudgeText || got.Auto {
		t.Errorf("Ben has %+v", got)
	}
	if got := ann.message(t, sent.ID); !got.Nudge || !sent.Nudge {
		t.Errorf("Ann has %+v", got)
	}
	if m := ann.send(t, ben, wire.NudgeText); m.Nudge {
		t.Error("a text of the same words is a nudge")
	}
	if _, err := ann.Edit(sent.ID, "never mind", ""); err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	if got := ben.message(t, sent.ID); got.Nudge || got.Text != "never mind" {
		t.Errorf("with a text it is %+v", got)
	}
}

func TestNudgesOfMine(t *testing.T) {
	ann, ben, _ := pair(t)
	m, err := ann.Nudge(ben.Account(), "k")
	if err != nil {
		t.Fatal(err)
	}
	for _, restart := range []bool{false, true} {
		if restart {
			ann.restart(t)
		}
		if again, err := ann.Nudge(ben.Account(), "k"); err != nil || again.ID != m.ID {
			t.Errorf("the same key makes %v, %v", again.ID, err)
		}
		ann.clock.advance(29 * time.Second)
		var rule *chat.Error
		if _, err := ann.Nudge(ben.Account(), ""); !errors.As(err, &rule) || rule.Code != chat.CodeRefused {
			t.Errorf("a second nudge: %v", err)
		}
	}
	ann.clock.advance(2 * time.Second)
	ann.nudge(t, ben)
	ann.clock.set(2001)
	ann.nudge(t, ben)
}

// Whoever nudges more than the rule allows is heard once a minute, across starts
// too; the rest is text, and stays so.
func TestNudgesOfTheirs(t *testing.T) {
	ann, ben, p := pair(t)
	for range 7 { // two every 20 seconds
		for _, year := range []int{2030, 2029} { // which makes her forget the one before
			ann.clock.set(year)
			ann.nudge(t, ben)
		}
		p.exchange(t)
		ben.clock.advance(20 * time.Second)
		ben.restart(t)
	}
	list, err := ben.History(ann.Account(), chat.HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var counted []int
	for i, m := range list {
		if m.Nudge {
			counted = append(counted, i)
		}
	}
	if want := []int{0, 6, 12}; !slices.Equal(counted, want) {
		t.Errorf("of %d those count: %v, want %v", len(list), counted, want)
	}
}

// An hour of nudges is remembered; the oldest are text then.
func TestManyNudges(t *testing.T) {
	ann, ben, p := pair(t)
	const most = 64
	for range most + 2 {
		ann.nudge(t, ben)
		p.exchange(t)
		ann.clock.advance(time.Minute)
		ben.clock.advance(time.Minute)
	}
	ben.restart(t)
	list, err := ben.History(ann.Account(), chat.HistoryOptions{N: 100})
	if err != nil || len(list) != most+2 {
		t.Fatalf("%d messages, %v", len(list), err)
	}
	for i, m := range list {
		if m.Nudge != (i >= 2) {
			t.Errorf("%d: %v", i, m.Nudge)
		}
	}
}
