package link_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// tightDisk has as little free as may be, so that quotas are small.
type tightDisk struct{ chat.Store }

func (tightDisk) Free() (uint64, error) { return chat.MinFree, nil }

// A contact that floods a conversation is stopped, and named once in the log;
// others go on. What it could not send comes by itself once the rest was read.
func TestFloodedConversation(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, eve := w.newPerson(), w.newHonest(), w.newHonest()
		ann.chat = w.open(tightDisk{ann.store})
		ann.serve()
		befriend(ben, ann)
		befriend(eve, ann)
		ann.log.lines()
		var last wire.MessageID
		for range 40 << 20 / wire.MaxText {
			last = eve.send(ann, string(make64k()))
		}
		time.Sleep(time.Minute)
		m, err := eve.chat.Message(last)
		if err != nil || m.State != chat.Queued || m.Why != "they have no room for more from you" {
			t.Errorf("the last is %q because %q, %v", m.State, m.Why, err)
		}
		if lines := ann.log.lines(); len(lines) != 1 || !strings.Contains(lines[0], "quota") {
			t.Errorf("the log has %q", lines)
		}
		if c, err := ann.chat.Contact(eve.account()); err != nil || c.Why == "" {
			t.Errorf("ann is not told: %v", err)
		}
		talk(ann, ben)
		if ann.sessions(eve.account()) != 1 {
			t.Error("the session did not last")
		}
		back := ann.send(eve, "stop it")
		settle()
		if got := ann.state(back); got != chat.Delivered {
			t.Errorf("the other direction is %q", got)
		}
		if _, err := ann.chat.MarkRead(eve.account(), wire.MessageID{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := eve.state(last); got != chat.Delivered {
			t.Errorf("when all was read the last is %q", got)
		}
	})
}

// Content that is made to blow up whoever reads it is stored, acknowledged and
// shown as something that cannot be shown (rule 17).
func TestContentBombs(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.friends()
		e := w.newEve(ann)
		list := bombs()
		var prev wire.ChainValue
		for i, body := range list {
			ev := wire.Event{Kind: wire.KindContent, Stamp: 1, Prev: prev, Body: body}
			prev = ev.Chain(e.log(), uint64(i+1))
			e.write(push(e.log(), uint64(i+1), []wire.Event{ev}))
		}
		for head := uint64(0); head < uint64(len(list)); {
			head = next[wire.Ack](e.raw).Entries[0].Head
		}
		for _, text := range ann.texts(e.me) {
			if text != chat.CannotShow {
				t.Errorf("it shows %q", text)
			}
		}
		if n := len(ann.texts(e.me)); n != len(list) {
			t.Errorf("%d of %d are shown", n, len(list))
		}
		talk(ann, ben)
		if lines := ann.log.lines(); len(lines) > 0 {
			t.Errorf("the log has %q", lines)
		}
	})
}

// bombs are bodies of CBOR: deep, wide, long by their word, and without end.
func bombs() (list [][]byte) {
	for _, head := range []byte{0x81, 0x9f, 0xa1, 0xbf, 0xc1, 0xd8} {
		list = append(list, bytes.Repeat([]byte{head}, wire.MaxBody))
	}
	for _, major := range []byte{0x40, 0x60, 0x80, 0xa0} {
		huge := []byte{major | 27, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
		list = append(list, huge, append([]byte{0x87}, huge...))
	}
	return append(list, bytes.Repeat([]byte{0x80}, wire.MaxBody), nil, []byte{0xff}, bytes.Repeat([]byte{0xf6}, 100))
}

// Whatever a contact puts into a text arrives as it is: to make it harmless is
// the task of who shows it. Names and notes that could deceive are refused.
func TestDeceitfulStrings(t *testing.T) {
	for i, bad := range []string{"\x1b[2J", "\u202eevil", "a\u2028b", "\U000E0041", "\x7f", "\u009b1m", "two\nlines"} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			virtually(t, func(w *world) {
				ann, ben := w.friends()
				e := w.newEve(ann)
				body, err := wire.NewText([16]byte{1}, bad).Encode()
				if err != nil {
					t.Fatal(err)
				}
				e.write(push(e.log(), 1, []wire.Event{{Kind: wire.KindContent, Stamp: 1, Body: body}}))
				settle()
				if got := ann.texts(e.me); len(got) != 1 || got[0] != bad {
					t.Errorf("it shows %q", got)
				}
				e.write(wire.Stance{Type: wire.FrameStance, Version: 1 << 60, Want: true, Name: bad, Share: [32]byte{1}})
				if !e.ended() {
					t.Error("the name is taken")
				}
				talk(ann, ben)
			})
		})
	}
}
