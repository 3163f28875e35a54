package node_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// presence is how n sees other.
func presence(t *testing.T, n, other *node.Node) chat.Presence {
	t.Helper()
	c, err := n.Chat().Contact(other.Chat().Account())
	if err != nil {
		t.Fatal(err)
	}
	return c.Presence
}

func say(t *testing.T, n *node.Node, m chat.Mood, text string) {
	t.Helper()
	if err := n.Chat().SetStatus(chat.Status{Mood: m, Text: text}); err != nil {
		t.Fatal(err)
	}
}

// A change shows at once, whoever is invisible is offline and can be written to,
// and a restart changes nothing about either.
func TestPresence(t *testing.T) {
	virtually(t, func(t *testing.T, _ *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		time.Sleep(time.Second)
		if p := presence(t, a, b); p.State != wire.PresenceAvailable {
			t.Errorf("a new contact is %v", p)
		}
		say(t, b, chat.MoodBusy, "in a meeting")
		time.Sleep(100 * time.Millisecond)
		if p := presence(t, a, b); p.State != wire.PresenceBusy || p.Text != "in a meeting" {
			t.Errorf("Ben is %v", p)
		}
		say(t, b, chat.MoodInvisible, "")
		time.Sleep(100 * time.Millisecond)
		if p := presence(t, a, b); p != (chat.Presence{}) {
			t.Errorf("who is invisible is %v", p)
		}
		m := send(t, a, b, "are you there?")
		time.Sleep(time.Minute)
		if got := texts(t, b, a); len(got) != 1 {
			t.Errorf("Ben has %q", got)
		}
		b.Close()
		b = ben.start(t)
		within(t, a, time.Minute, "Ben is back", func() bool { return online(t, a, b) })
		time.Sleep(3 * time.Minute)
		if p := presence(t, a, b); p != (chat.Presence{}) {
			t.Errorf("who was invisible before the start is %v", p)
		}
		if got := state(t, a, m.ID); got != chat.Queued {
			t.Errorf("a tick shows who is invisible: %s", got)
		}
		say(t, b, chat.MoodAvailable, "")
		time.Sleep(100 * time.Millisecond)
		if p := presence(t, a, b); p.State != wire.PresenceAvailable {
			t.Errorf("Ben is %v", p)
		}
		if got := state(t, a, m.ID); got != chat.Delivered {
			t.Errorf("who is visible again has told of %s", got)
		}
		time.Sleep(24 * time.Hour)
		if p := presence(t, a, b); p.State != wire.PresenceAvailable {
			t.Errorf("a day later Ben is %v", p)
		}
		b.Close()
		time.Sleep(100 * time.Millisecond)
		if p := presence(t, a, b); p != (chat.Presence{}) {
			t.Errorf("who has left is %v", p)
		}
	})
}

func set(t *testing.T, n *node.Node, name, value string) {
	t.Helper()
	if err := n.Chat().SetSetting(name, value); err != nil {
		t.Fatal(err)
	}
}

// Messages without presence: nobody sees anybody, and what is written arrives.
func TestPresenceOff(t *testing.T) {
	virtually(t, func(t *testing.T, _ *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		time.Sleep(time.Second)
		set(t, b, chat.UsePresence, "false")
		for range 2 {
			time.Sleep(3 * time.Minute)
			for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
				if p := presence(t, x[0], x[1]); p != (chat.Presence{}) {
					t.Errorf("with presence off: %v", p)
				}
			}
			a.Typing(b.Chat().Account(), true)
			to, from := send(t, a, b, "there"), send(t, b, a, "back")
			time.Sleep(time.Second)
			if x, y := state(t, a, to.ID), state(t, b, from.ID); x != chat.Delivered || y != chat.Delivered {
				t.Errorf("with presence off: %s, %s", x, y)
			}
			if c, err := b.Chat().Contact(a.Chat().Account()); err != nil || c.Typing {
				t.Errorf("with presence off: typing %v, %v", c.Typing, err)
			}
			b.Close()
			b = ben.start(t)
			within(t, a, time.Minute, "Ben is back", func() bool { return online(t, a, b) })
		}
		set(t, b, chat.UsePresence, "true")
		time.Sleep(time.Second)
		for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
			if p := presence(t, x[0], x[1]); p.State != wire.PresenceAvailable {
				t.Errorf("with presence on again: %v", p)
			}
		}
	})
}

// Presence without messages: everybody sees everybody, what is written waits, and
// comes when messages are on again.
func TestMessagesOff(t *testing.T) {
	virtually(t, func(t *testing.T, _ *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		time.Sleep(time.Second)
		set(t, b, chat.UseMessages, "false")
		first := send(t, a, b, "one")
		time.Sleep(time.Second)
		m, err := a.Chat().Message(first.ID)
		if err != nil || m.State != chat.Queued || m.Why == "" {
			t.Errorf("with messages off: %s (%q), %v", m.State, m.Why, err)
		}
		if _, err := b.Chat().Send(a.Chat().Account(), "back", chat.SendOptions{}); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("with messages off one may write: %v", err)
		}
		b.Close()
		b = ben.start(t)
		within(t, a, time.Minute, "Ben is back", func() bool { return online(t, a, b) })
		second := send(t, a, b, "two")
		say(t, a, chat.MoodBusy, "writing")
		say(t, b, chat.MoodAway, "reading")
		time.Sleep(time.Second)
		if p, q := presence(t, a, b), presence(t, b, a); p.Text != "reading" || q.Text != "writing" {
			t.Errorf("with messages off: %v, %v", p, q)
		}
		time.Sleep(24 * time.Hour)
		if got := texts(t, b, a); len(got) != 0 {
			t.Errorf("with messages off %q came", got)
		}
		set(t, b, chat.UseMessages, "true")
		time.Sleep(time.Second)
		for _, m := range []chat.Message{first, second} {
			if got := state(t, a, m.ID); got != chat.Delivered {
				t.Errorf("with messages on again: %s", got)
			}
		}
		if got := texts(t, b, a); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("with messages on again: %q", got)
		}
	})
}

// Two contacts without a way to each other see each other through a third.
func TestPresenceByGossip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net nodetest.Network
		ann, ben, cem := newVirtual(t, &net, "Ann", "1.0.0.1"), newVirtual(t, &net, "Ben", "1.0.0.2"), newVirtual(t, &net, "Cem", "1.0.0.3")
		a, b, c := ann.start(t), ben.start(t), cem.start(t)
		befriend(t, a, b)
		befriend(t, b, c)
		befriend(t, a, c)
		time.Sleep(time.Second)
		if p := presence(t, c, a); p.State != wire.PresenceAvailable {
			t.Fatalf("Ann is %v", p)
		}
		net.Part(ann.ip, cem.ip, true)
		for range 60 {
			time.Sleep(time.Second)
			if !online(t, a, c) && !online(t, c, a) {
				break
			}
		}
		time.Sleep(90 * time.Second)
		for _, x := range [][2]*node.Node{{c, a}, {a, c}} {
			if p := presence(t, x[0], x[1]); p.State != wire.PresenceAvailable {
				t.Errorf("past the missing link: %v", p)
			}
		}
		say(t, a, chat.MoodAway, "out")
		time.Sleep(time.Second)
		if p := presence(t, c, a); p.State != wire.PresenceAway || p.Text != "out" {
			t.Errorf("Ann is %v", p)
		}
		b.Close()
		time.Sleep(3 * time.Minute)
		if p := presence(t, c, a); p.State != wire.PresenceOffline {
			t.Errorf("without anybody between them: %v", p)
		}
	})
}

// That somebody writes shows unless they switched that off.
func TestTypingIsASetting(t *testing.T) {
	virtually(t, func(t *testing.T, _ *nodetest.Network, _, _ *virtual, a, b *node.Node) {
		for _, value := range []string{"true", "false", "true"} {
			if err := a.Chat().SetSetting(chat.Typing, value); err != nil {
				t.Fatal(err)
			}
			a.Typing(b.Chat().Account(), true)
			time.Sleep(time.Second)
			c, err := b.Chat().Contact(a.Chat().Account())
			if err != nil || c.Typing != (value == "true") {
				t.Errorf("with %s: %v, %v", value, c.Typing, err)
			}
			time.Sleep(time.Minute)
		}
	})
}

// A node answers for whoever is away, after a restart too, once.
func TestAutoReply(t *testing.T) {
	virtually(t, func(t *testing.T, _ *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		if err := b.Chat().SetSetting(chat.AutoReply, "back at noon"); err != nil {
			t.Fatal(err)
		}
		say(t, b, chat.MoodAway, "")
		b.Close()
		b = ben.start(t)
		within(t, a, time.Minute, "Ben is back", func() bool { return online(t, a, b) })
		for range 3 {
			send(t, a, b, "lunch?")
			time.Sleep(time.Second)
		}
		list, err := a.Chat().History(b.Chat().Account(), chat.HistoryOptions{})
		autos := 0
		for _, m := range list {
			if m.Auto && !m.Out {
				autos++
			}
		}
		if err != nil || len(list) != 4 || autos != 1 {
			t.Errorf("%d messages, %d answers, %v", len(list), autos, err)
		}
	})
}
