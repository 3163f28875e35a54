package chat_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// newTalk is an author whose first log holds the texts "1" to "5".
func newTalk(t *testing.T, devices int) *author {
	t.Helper()
	a := newAuthor(t, newNode(t, "Ann"), devices)
	for _, text := range []string{"1", "2", "3", "4", "5"} {
		a.write(t, 0, start, wire.NewText(a.salt(), text))
	}
	return a
}

// take pushes and returns the outcome and the head of the author's first log.
func (a *author) take(t *testing.T, pushes ...*wire.Push) (chat.Taken, uint64) {
	t.Helper()
	taken, err := a.to.TakePushes(a.account(), pushes)
	if err != nil {
		t.Fatal(err)
	}
	return taken, a.to.head(t, a.log(0)).Head
}

func TestPushIsTakenInOrder(t *testing.T) {
	forked := func(a *author) *wire.Push {
		p := *a.push(0, 3, 4)
		p.Events = slices.Clone(p.Events)
		p.Events[0].Prev[0]++
		return &p
	}
	tests := []struct {
		what string
		push func(*author) *wire.Push // after the first two
		head uint64
		gap  bool
		busy wire.Reason
	}{
		{"the next", func(a *author) *wire.Push { return a.push(0, 3, 5) }, 5, false, 0},
		{"nothing", func(a *author) *wire.Push { return &wire.Push{Log: a.log(0), Seq: 3} }, 2, false, 0},
		{"a repeat", func(a *author) *wire.Push { return a.push(0, 1, 2) }, 2, false, 0},
		{"half a repeat", func(a *author) *wire.Push { return a.push(0, 2, 4) }, 4, false, 0},
		{"a gap", func(a *author) *wire.Push { return a.push(0, 4, 5) }, 2, true, 0},
		{"another course", forked, 2, false, wire.ReasonForked},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			a := newTalk(t, 1)
			a.take(t, a.push(0, 1, 2))
			before := a.to.Cursor()
			taken, head := a.take(t, test.push(a))
			if head != test.head || taken.Gap != test.gap {
				t.Errorf("the head is %d, a gap %v", head, taken.Gap)
			}
			if (len(taken.Busy) == 1) != (test.busy != 0) || test.busy != 0 && taken.Busy[0].Reason != test.busy {
				t.Errorf("busy: %+v", taken.Busy)
			}
			if len(taken.Acks) != 1 || taken.Acks[0].Head != head || taken.Acks[0].Chain != a.to.head(t, a.log(0)).Chain.Short() {
				t.Errorf("acknowledged: %+v", taken.Acks)
			}
			if head == 2 && a.to.Cursor() != before {
				t.Error("something was stored")
			}
			if n := len(a.history(t)); n != int(head) {
				t.Errorf("the history has %d messages", n)
			}
			if c, _ := a.to.Contact(a.account()); c.Unread != head {
				t.Errorf("%d are unread", c.Unread)
			}
		})
	}
}

func TestPushesOfOneGoFollowEachOther(t *testing.T) {
	a := newTalk(t, 2)
	a.write(t, 1, start, wire.NewText(a.salt(), "other device"))
	taken, head := a.take(t, a.push(0, 1, 2), a.push(1, 1, 1), a.push(0, 3, 5))
	if head != 5 || taken.Gap || len(taken.Acks) != 2 {
		t.Errorf("the head is %d, %+v", head, taken)
	}
}

func TestForgedWriters(t *testing.T) {
	tests := map[string]func(t *testing.T, a *author, l *wire.Log){
		"my own log":               func(_ *testing.T, a *author, l *wire.Log) { l.Account, l.Device = a.to.Account(), a.to.Device() },
		"my device under its name": func(_ *testing.T, a *author, l *wire.Log) { l.Device = a.to.Device() },
		"a third account":          func(_ *testing.T, _ *author, l *wire.Log) { l.Account[0]++ },
		"another conversation":     func(_ *testing.T, _ *author, l *wire.Log) { l.Conv[0]++ },
		"a conversation of mine": func(t *testing.T, a *author, l *wire.Log) {
			l.Conv = wire.DirectConv(a.to.Account(), somebody(t, "", 1).Account)
		},
		"a device that is not listed": func(_ *testing.T, _ *author, l *wire.Log) { l.Device[0]++ },
	}
	for name, forge := range tests {
		t.Run(name, func(t *testing.T) {
			a := newTalk(t, 1)
			p := *a.push(0, 1, 5)
			forge(t, a, &p.Log)
			before := a.to.Cursor()
			if _, err := a.to.TakePushes(a.account(), []*wire.Push{a.push(0, 1, 5), &p}); !errors.Is(err, chat.ErrProtocol) {
				t.Errorf("the push: %v", err)
			}
			if _, err := a.to.TakeGone(a.account(), &wire.Gone{Log: p.Log, From: 1, To: 5}); !errors.Is(err, chat.ErrProtocol) {
				t.Errorf("the gone: %v", err)
			}
			if a.to.Cursor() != before || a.to.head(t, p.Log).Head != 0 {
				t.Error("something was stored")
			}
		})
	}
}

func TestPushOfANoContact(t *testing.T) {
	n := newNode(t, "Ann")
	s := newStranger(t, n)
	for i, op := range []string{"", "ask", "hear: no"} {
		if op != "" {
			if err := operations[op](t, n, s); err != nil {
				t.Fatal(err)
			}
		}
		l := wire.Log{Conv: wire.DirectConv(n.Account(), s.Account()), Account: s.Account(), Device: s.Device()}
		e := wire.Event{Kind: wire.KindContent, Body: []byte{1}}
		_, err := n.TakePushes(s.Account(), []*wire.Push{{Log: l, Seq: 1, Events: []wire.Event{e}}})
		if !errors.Is(err, chat.ErrProtocol) {
			t.Errorf("after step %d: %v", i, err)
		}
	}
}

// A retired device speaks no more, but what it wrote may still be brought by
// another one.
func TestRetiredDevice(t *testing.T) {
	a := newTalk(t, 2)
	p := chat.Proof{Account: a.account(), Pair: true}
	admit := func(n uint64, device int, retired ...int) error {
		signed := a.list(t, n, retired...)
		list, err := wire.ParseDeviceList(signed)
		if err != nil {
			t.Fatal(err)
		}
		return a.to.Admit(p, list, signed, wire.Device(a.devices[device][32:]), wire.Version)
	}
	if err := admit(2, 1, 0); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"the old list again":             admit(1, 0),
		"a newer list that has it again": admit(3, 0),
	} {
		if !errors.Is(err, chat.ErrRetired) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, head := a.take(t, a.push(0, 1, 5)); head != 5 {
		t.Errorf("of its log %d events were taken", head)
	}
}

// A list dated to the far future locks out no later one.
func TestListOfTheFuture(t *testing.T) {
	a := newTalk(t, 2)
	for _, n := range []uint64{4_000_000_000, uint64(start) / 1000} {
		device := 0
		if n < 4_000_000_000 {
			device = 1 // a restored home, whose clock is right
		}
		signed := a.list(t, n, 1-device)
		list, err := wire.ParseDeviceList(signed)
		if err != nil {
			t.Fatal(err)
		}
		list.Retired = nil // of it nobody has heard
		if err := a.to.Admit(chat.Proof{Account: a.account()}, list, signed, wire.Device(a.devices[device][32:]), 1); err != nil {
			t.Errorf("list %d: %v", n, err)
		}
	}
}

// Two lists of one second: whichever comes first, all contacts keep the same.
func TestListsOfOneSecond(t *testing.T) {
	for first := range 2 {
		a := newTalk(t, 2)
		signed := [2][]byte{a.list(t, 5, 1), a.list(t, 5, 0)}
		want := signed[0]
		if bytes.Compare(signed[1], want) > 0 {
			want = signed[1]
		}
		for _, i := range []int{first, 1 - first, first} {
			list, err := wire.ParseDeviceList(signed[i])
			if err != nil {
				t.Fatal(err)
			}
			list.Retired = nil // of it nobody has heard
			err = a.to.Admit(chat.Proof{Account: a.account()}, list, signed[i], wire.Device(a.devices[i][32:]), 1)
			if err != nil && (!errors.Is(err, chat.ErrRetired) || bytes.Equal(signed[i], want)) {
				t.Error(err)
			}
		}
		if !bytes.Equal(a.to.ListOf(a.account()), want) {
			t.Errorf("list %d came first, and is kept", first)
		}
	}
}

func TestAdmitRefuses(t *testing.T) {
	a := newTalk(t, 1)
	signed := a.list(t, 1)
	list, err := wire.ParseDeviceList(signed)
	if err != nil {
		t.Fatal(err)
	}
	device := list.Live[0].Key
	p := chat.Proof{Account: a.account()}
	if err := a.to.Admit(p, list, signed, device, 3); err != nil {
		t.Fatal(err)
	}
	if err := a.to.Admit(p, list, signed, device, 2); !errors.Is(err, chat.ErrOldVersion) {
		t.Errorf("a lower version: %v", err)
	}
	p.Account[0]++
	if err := a.to.Admit(p, list, signed, device, 3); !errors.Is(err, chat.ErrStranger) {
		t.Errorf("under the secret of another: %v", err)
	}
	mine := a.to.list(t)
	list, err = wire.ParseDeviceList(mine)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.to.Admit(chat.Proof{}, list, mine, a.to.Device(), 3); !errors.Is(err, chat.ErrStranger) {
		t.Errorf("myself: %v", err)
	}
}

// Whatever is well framed is kept and acknowledged (rule 17).
func TestUnreadableContent(t *testing.T) {
	tests := []struct {
		what  string
		event wire.Event
		shown bool
	}{
		{"content that cannot be decoded", wire.Event{Kind: wire.KindContent, Body: []byte("rubbish")}, true},
		{"no content", wire.Event{Kind: wire.KindContent}, true},
		{"an unknown kind", wire.Event{Kind: 77, Body: []byte("new")}, true},
		{"a silent kind", wire.Event{Kind: wire.KindSilent, Body: []byte("new")}, false},
		{"an unknown silent kind", wire.Event{Kind: 200, Body: []byte("new")}, false},
		{"a stub", wire.Event{Kind: wire.KindContent, Stub: true, Body: make([]byte, 32)}, false},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			a := newTalk(t, 1)
			a.append(0, test.event)
			a.write(t, 0, start, wire.NewText(a.salt(), "after"))
			if _, head := a.take(t, a.push(0, 1, 7)); head != 7 {
				t.Fatalf("the head is %d", head)
			}
			want := []string{"1", "2", "3", "4", "5", "after"}
			if test.shown {
				want = slices.Insert(want, 5, chat.CannotShow)
			}
			wantTexts(t, a.texts(t), want...)
			if c, _ := a.to.Contact(a.account()); int(c.Unread) != len(want) {
				t.Errorf("%d are unread", c.Unread)
			}
			got := a.to.event(t, a.log(0), 6)
			if got.Wire.Chain(a.log(0), 6) != a.logs[0][5].Chain(a.log(0), 6) || got.Wire.Kind != test.event.Kind {
				t.Error("it was changed")
			}
		})
	}
}

func TestPushToAFullDisk(t *testing.T) {
	a := newTalk(t, 1)
	a.take(t, a.push(0, 1, 2))
	a.to.disk.full = true
	taken, head := a.take(t, a.push(0, 1, 3), a.push(0, 4, 5))
	if head != 2 || taken.Gap || len(taken.Busy) == 0 {
		t.Errorf("the head is %d, %+v", head, taken)
	}
	for _, b := range taken.Busy {
		if b.Reason != wire.ReasonDiskFull || b.Log != a.log(0) {
			t.Errorf("%+v", b)
		}
	}
	if taken, _ := a.take(t, a.push(0, 1, 2)); len(taken.Busy) > 0 || len(taken.Acks) != 1 {
		t.Errorf("a repeat is not acknowledged: %+v", taken)
	}
	a.to.disk.full = false
	if _, head := a.take(t, a.push(0, 3, 5)); head != 5 {
		t.Errorf("with room again, the head is %d", head)
	}
}

func TestGone(t *testing.T) {
	a := newTalk(t, 1)
	gone := func(from, to uint64) wire.Entry {
		e, err := a.to.TakeGone(a.account(), &wire.Gone{Log: a.log(0), From: from, To: to, Chain: chainAt(a, int(to))})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := gone(2, 3); e.Head != 0 {
		t.Errorf("beyond the head: %+v", e)
	}
	if e := gone(1, 2); e.Head != 2 || e.Base != 2 {
		t.Errorf("at the beginning: %+v", e)
	}
	a.take(t, a.push(0, 3, 3))
	if e := gone(4, 4); e.Head != 4 || e.Base != 2 || e.Chain != chainAt(a, 4).Short() {
		t.Errorf("in the middle: %+v", e)
	}
	a.take(t, a.push(0, 5, 5))
	wantTexts(t, a.texts(t), "3", "5")
	if n, err := a.to.MarkRead(a.account(), wire.MessageID{}); n != 0 || err != nil {
		t.Errorf("%d are left unread, %v", n, err)
	}
}

func chainAt(a *author, seq int) wire.ChainValue {
	return a.logs[0][seq-1].Chain(a.log(0), uint64(seq))
}

func TestRefused(t *testing.T) {
	ann, ben, p := pair(t)
	m, fine := ann.send(t, ben, "too much"), ann.send(t, ben, "fine")
	refuse := func(seq uint64) error {
		return ann.TakeRefused(ben.Account(), &wire.Refused{Log: ann.logTo(ben), Seq: seq, Reason: wire.ReasonRule})
	}
	for range 2 {
		if err := refuse(1); err != nil {
			t.Fatal(err)
		}
	}
	p.exchange(t)
	if got := ann.message(t, m.ID); got.State != chat.Failed || got.Why == "" || got.Text != "too much" {
		t.Errorf("it is %+v", got)
	}
	for _, seq := range []uint64{2, 99} { // delivered; not there
		if err := refuse(seq); err != nil {
			t.Fatal(err)
		}
	}
	if got := ann.message(t, fine.ID); got.State != chat.Delivered {
		t.Errorf("what was delivered is %s", got.State)
	}
	if err := ann.TakeRefused(ben.Account(), &wire.Refused{Log: ben.logTo(ann), Seq: 1}); !errors.Is(err, chat.ErrProtocol) {
		t.Errorf("for a log that is not mine: %v", err)
	}
}
