package chat_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func (n *node) presence(t testing.TB, a wire.Account) chat.Presence {
	t.Helper()
	c, err := n.Contact(a)
	if err != nil {
		t.Fatal(err)
	}
	return c.Presence
}

// A record counts once, only if it is newer than all before, of about now, and
// of a device on the list; also after a restart.
func TestStalePresence(t *testing.T) {
	ann := newNode(t, "Ann")
	a := newAuthor(t, ann, 2)
	device := func(i int) wire.Device { return a.log(i).Device }
	at := func(d time.Duration, boot, seq uint64) wire.Presence {
		return wire.Presence{View: wire.ViewFull, Boot: boot, Seq: seq, Time: uint64(ann.clock.now().Add(d).UnixMilli()), State: wire.PresenceAvailable}
	}
	take := func(what string, d wire.Device, p wire.Presence, want error) {
		t.Helper()
		if err := ann.TakePresence(a.account(), d, p); !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	first := at(0, 2, 5)
	take("the first", device(0), first, nil)
	take("the same again", device(0), first, chat.ErrStale)
	take("an older one", device(0), at(0, 2, 4), chat.ErrStale)
	take("one of an earlier start", device(0), at(0, 1, 9), chat.ErrStale)
	take("a newer one", device(0), at(0, 2, 6), nil)
	take("of the next start", device(0), at(0, 3, 1), nil)
	take("of another device", device(1), at(0, 1, 1), nil)
	take("of no device of theirs", wire.Device{1}, at(0, 9, 9), chat.ErrProtocol)
	if err := ann.TakePresence(wire.Account{1}, device(0), at(0, 9, 9)); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("of somebody unknown: %v", err)
	}
	take("of long ago", device(0), at(-6*time.Minute, 3, 2), chat.ErrStale)
	take("of the future", device(0), at(6*time.Minute, 3, 2), chat.ErrStale)
	clock := func(d wire.Device, ahead time.Duration) {
		t.Helper()
		if err := ann.DeviceLinked(a.account(), d, ahead); err != nil {
			t.Fatal(err)
		}
	}
	clock(device(0), 365*24*time.Hour)
	clock(device(1), time.Hour)
	take("by a clock a year ahead, as the hello showed", device(0), at(365*24*time.Hour, 3, 2), nil)
	take("by the right clock, as it did not", device(0), at(0, 3, 3), chat.ErrStale)
	take("by the right clock, of a device that is an hour ahead", device(1), at(0, 1, 2), chat.ErrStale)
	take("by its own", device(1), at(time.Hour, 1, 2), nil)

	if err := ann.KeepHeard(); err != nil {
		t.Fatal(err)
	}
	ann.restart(t)
	if p := ann.presence(t, a.account()); p.State != wire.PresenceOffline {
		t.Errorf("after a start they are %v", p)
	}
	take("replayed after a start", device(0), at(0, 3, 2), chat.ErrStale)
	take("new after a start", device(0), at(0, 3, 3), nil)
}

// Of devices that are not in use any more nothing is kept, however many a contact
// had.
func TestHeardOfRetiredDevices(t *testing.T) {
	ann := newNode(t, "Ann")
	a := newAuthor(t, ann, 3)
	say := func(i int) {
		t.Helper()
		p := wire.Presence{View: wire.ViewFull, Boot: 1, Seq: 1, Time: uint64(ann.clock.ms), State: wire.PresenceBusy}
		if err := ann.TakePresence(a.account(), a.log(i).Device, p); err != nil {
			t.Fatal(err)
		}
		if err := ann.KeepHeard(); err != nil {
			t.Fatal(err)
		}
	}
	say(0)
	say(1)
	signed := a.list(t, 2, 0, 1)
	list, err := wire.ParseDeviceList(signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := ann.Admit(chat.Proof{Account: a.account()}, list, signed, a.log(2).Device, 1); err != nil {
		t.Fatal(err)
	}
	say(2)
	err = ann.disk.View(func(r chat.Reader) error {
		c, err := r.Card(a.account())
		if len(c.Heard) != 1 || c.Heard[0].Device != a.log(2).Device {
			t.Errorf("kept: %v", c.Heard)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Several devices count as the most present of them.
func TestMostPresent(t *testing.T) {
	ann := newNode(t, "Ann")
	a := newAuthor(t, ann, 2)
	var seq uint64
	says := func(i int, s wire.Availability, idle uint64) {
		t.Helper()
		seq++
		p := wire.Presence{View: wire.ViewFull, Boot: 1, Seq: seq, Time: uint64(ann.clock.ms), State: s, Idle: idle}
		if err := ann.TakePresence(a.account(), a.log(i).Device, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct{ one, two, want wire.Availability }{
		{wire.PresenceAvailable, wire.PresenceAway, wire.PresenceAvailable},
		{wire.PresenceAway, wire.PresenceBusy, wire.PresenceBusy},
		{wire.PresenceBusy, wire.PresenceAvailable, wire.PresenceAvailable},
		{wire.PresenceOffline, wire.PresenceAway, wire.PresenceAway},
		{wire.PresenceOffline, wire.PresenceOffline, wire.PresenceOffline},
	} {
		says(0, x.one, 0)
		says(1, x.two, 0)
		if got := ann.presence(t, a.account()).State; got != x.want {
			t.Errorf("%d and %d are shown as %d", x.one, x.two, got)
		}
	}
	says(0, wire.PresenceAway, 5)
	says(1, wire.PresenceAway, 9)
	if got := ann.presence(t, a.account()).Idle; got != 9 {
		t.Errorf("idle since %d: the device used last counts", got)
	}
}

// A watcher that is slow sees how everybody is at last, and nothing in between.
func TestPresenceCoalesces(t *testing.T) {
	ann := newNode(t, "Ann")
	a := newAuthor(t, ann, 1)
	var kinds []chat.UpdateKind
	for seq := uint64(1); seq <= 7; seq++ {
		s := []wire.Availability{wire.PresenceAway, wire.PresenceBusy}[seq%2] // busy in the end
		p := wire.Presence{View: wire.ViewFull, Boot: 1, Seq: seq, Time: uint64(ann.clock.ms), State: s}
		if err := ann.TakePresence(a.account(), a.log(0).Device, p); err != nil {
			t.Fatal(err)
		}
	}
	for u, err := range ann.Watch(t.Context(), ann.Cursor()) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, u.Kind)
		if u.Kind != chat.UpdatePresence || u.Contact.Presence.State != wire.PresenceBusy {
			t.Errorf("%s: %v", u.Kind, u.Contact)
		}
		break
	}
	if len(kinds) != 1 {
		t.Errorf("%d updates", len(kinds))
	}
}

// A device that says more than anybody has to say is not heard for a while.
func TestTooManyRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := newNode(t, "Ann")
		a := newAuthor(t, ann, 1)
		var seq uint64
		say := func(n int) (taken int) {
			for range n {
				seq++
				p := wire.Presence{View: wire.ViewFull, Boot: 1, Seq: seq, Time: uint64(ann.clock.ms), State: wire.PresenceBusy}
				if err := ann.TakePresence(a.account(), a.log(0).Device, p); err == nil {
					taken++
				}
			}
			return taken
		}
		if n := say(1000); n != 8 {
			t.Errorf("%d of 1,000 records are taken", n)
		}
		time.Sleep(5 * time.Second)
		if n := say(1000); n != 1 {
			t.Errorf("%d more after five seconds", n)
		}
		time.Sleep(time.Hour)
		if n := say(1000); n != 8 {
			t.Errorf("%d more after an hour", n)
		}
	})
}

// A status is checked, and outlives a start.
func TestStatus(t *testing.T) {
	ann := newNode(t, "Ann")
	if st, err := ann.Status(); err != nil || st != (chat.Status{Mood: chat.MoodAvailable}) {
		t.Errorf("at first %v, %v", st, err)
	}
	long := make([]rune, wire.MaxStatus+1)
	for i := range long {
		long[i] = 'é'
	}
	for _, x := range []struct {
		st   chat.Status
		want error
	}{
		{chat.Status{Mood: "asleep"}, chat.ErrUsage},
		{chat.Status{Mood: chat.MoodAway, Text: "\xff"}, chat.ErrUsage},
		{chat.Status{Mood: chat.MoodAway, Text: string(long)}, chat.ErrRefused},
	} {
		if err := ann.SetStatus(x.st); !errors.Is(err, x.want) {
			t.Errorf("%.40v: %v", x.st, err)
		}
	}
	want := chat.Status{Mood: chat.MoodBusy, Text: string(long[1:])}
	if err := ann.SetStatus(want); err != nil {
		t.Fatal(err)
	}
	ann.restart(t)
	if st, err := ann.Status(); err != nil || st != want {
		t.Errorf("after a start %.40v, %v", st, err)
	}
}
