package chat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Of clocks that lie (rule 19): a message dated 2099 does not stay at the end,
// and within a log the order is that of writing.
func TestLyingClocks(t *testing.T) {
	tests := []struct {
		what   string
		before func(*clock)
		after  func(*clock)
	}{
		{"dated 2099", func(c *clock) { c.set(2099) }, func(c *clock) { c.ms = start + 1000 }},
		{"dated 1970", func(c *clock) { c.set(1970) }, func(c *clock) { c.ms = start + 1000 }},
		{"before 1970", func(c *clock) { c.set(1960) }, func(c *clock) { c.ms = start + 1000 }},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			ann, ben, p := pair(t)
			ann.send(t, ben, "1")
			p.exchange(t)
			test.before(ann.clock)
			lie := ann.send(t, ben, "2")
			p.exchange(t)
			test.after(ann.clock)
			ann.send(t, ben, "3")
			p.exchange(t)
			wantTexts(t, ben.texts(t, ann), "1", "2", "3")
			wantTexts(t, ann.texts(t, ben), "1", "2", "3")
			if m := ben.message(t, lie.ID); m.Time != lie.Time || m.Received != uint64(ben.clock.ms) {
				t.Errorf("its time is %d, received at %d", m.Time, m.Received)
			}
			ben.clock.advance(3 * time.Minute)
			ben.send(t, ann, "4")
			wantTexts(t, ben.texts(t, ann), "1", "2", "3", "4")
		})
	}
}

func TestOrderKeys(t *testing.T) {
	const ahead = 2 * 60 * 1000
	stamps := []int64{start, start - 10, start + ahead, start + ahead + 1, 4e12, 5, start}
	want := []int64{start, start, start + ahead, start + ahead, start + ahead, start + ahead, start + ahead}
	a := newAuthor(t, newNode(t, "Ann"), 1)
	for i, stamp := range stamps {
		a.write(t, 0, stamp, wire.NewText(a.salt(), fmt.Sprint(i)))
	}
	a.pushAll(t)
	for i := range stamps {
		e := a.to.event(t, a.log(0), uint64(i+1))
		if e.Order != uint64(want[i]) || e.Wire.Stamp != uint64(stamps[i]) {
			t.Errorf("of event %d the order key is %d, not %d", i, e.Order, want[i])
		}
	}
	wantTexts(t, a.texts(t), "0", "1", "2", "3", "4", "5", "6")
}

// With honest clocks both see the same order, however late things arrive.
func TestHistoriesAreEqual(t *testing.T) {
	ann, ben, p := pair(t)
	for i := range 60 {
		ann.clock.advance(time.Second)
		ben.clock.advance(time.Second)
		if i%3 == 0 {
			ann.send(t, ben, fmt.Sprint("Ann ", i))
		}
		if i%4 == 0 {
			ben.send(t, ann, fmt.Sprint("Ben ", i))
		}
		if i%17 == 0 {
			p.exchange(t)
		}
	}
	p.exchange(t)
	a, b := ann.texts(t, ben), ben.texts(t, ann)
	if len(a) != 35 || !slices.Equal(a, b) {
		t.Errorf("%q and %q", a, b)
	}
}

// What arrives late is unread although something later was read: unread is a
// place in each log, not a time.
func TestLateMessageIsUnread(t *testing.T) {
	a := newAuthor(t, newNode(t, "Ann"), 2)
	a.write(t, 0, start+5, wire.NewText(a.salt(), "new"))
	a.write(t, 1, start, wire.NewText(a.salt(), "old"))
	unread := func() uint64 {
		c, err := a.to.Contact(a.account())
		if err != nil {
			t.Fatal(err)
		}
		return c.Unread
	}
	a.take(t, a.push(0, 1, 1))
	if _, err := a.to.MarkRead(a.account(), wire.MessageID{}); err != nil {
		t.Fatal(err)
	}
	a.take(t, a.push(1, 1, 1))
	wantTexts(t, a.texts(t), "old", "new")
	if n := unread(); n != 1 {
		t.Errorf("%d are unread", n)
	}
	if n, err := a.to.MarkRead(a.account(), a.history(t)[0].ID); n != 0 || unread() != 0 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
}
