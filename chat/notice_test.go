package chat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// admit has the author say hello with a device, under list number n.
func (a *author) admit(t testing.TB, n uint64, device int, retired ...int) error {
	t.Helper()
	signed := a.list(t, n, retired...)
	list, err := wire.ParseDeviceList(signed)
	if err != nil {
		t.Fatal(err)
	}
	p := chat.Proof{Account: a.account(), Pair: true}
	return a.to.Admit(p, list, signed, wire.Device(a.devices[device][32:]), wire.Version)
}

// A new device of a contact puts a line into the conversation, which nobody
// wrote: it is no news to anybody else, and nothing can be done to it (rule 10).
func TestNewDeviceIsNoticed(t *testing.T) {
	a := newTalk(t, 3)
	a.take(t, a.push(0, 1, 5))
	admit := func(n uint64, device int, retired ...int) {
		t.Helper()
		if err := a.admit(t, n, device, retired...); err != nil {
			t.Fatal(err)
		}
	}
	admit(2, 0, 2)
	wantTexts(t, a.texts(t), "1", "2", "3", "4", "5") // one less is no news
	vector := func() wire.Vector {
		v, err := a.to.Vector(a.account())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	before, unread := vector(), a.to.contact(t, a.account())
	a.devices = append(a.devices, newAuthorDevice(7))
	admit(3, 3, 2)
	admit(3, 3, 2)
	a.devices = append(a.devices, newAuthorDevice(8))
	admit(4, 4, 2)

	list := a.history(t)
	if len(list) != 6 {
		t.Fatalf("the history has %d lines", len(list))
	}
	m := list[5]
	if m.Notice != chat.NoticeNewDevice || m.Out || m.From != (wire.Account{}) || m.FromName != "" ||
		m.State != chat.Received || !strings.Contains(m.Text, unread.Name) {
		t.Errorf("the line is %+v", m)
	}
	if c, err := a.to.Contact(a.account()); err != nil || c.Unread != 5 {
		t.Errorf("%d are unread, %v", c.Unread, err)
	}
	if n, err := a.to.MarkRead(a.account(), list[0].ID); n != 4 || err != nil {
		t.Errorf("after the first %d are unread, %v", n, err)
	}
	if n, err := a.to.MarkRead(a.account(), m.ID); n != 0 || err != nil {
		t.Errorf("after the line %d are unread, %v", n, err)
	}
	after := vector()
	if fmt.Sprint(before.Entries) != fmt.Sprint(after.Entries) || len(after.Read) != 1 || after.Read[0].Log != a.log(0) {
		t.Errorf("the other side is told: %+v, before %+v", after, before)
	}
	if own, err := a.to.OwnLogs(a.account()); err != nil || len(own) != 0 {
		t.Errorf("it is pushed: %+v, %v", own, err)
	}
	wantRefusals(t, a, m.ID)
}

func wantRefusals(t *testing.T, a *author, id wire.MessageID) {
	t.Helper()
	_, err := a.to.Send(a.account(), "what?", chat.SendOptions{ReplyTo: id})
	wantCode(t, err, chat.CodeRefused)
	_, err = a.to.React(id, "👍", false, "")
	wantCode(t, err, chat.CodeRefused)
	_, err = a.to.Edit(id, "no", "")
	wantCode(t, err, chat.CodeRefused)
	_, err = a.to.Delete(id, "")
	wantCode(t, err, chat.CodeRefused)
}

// After something was said, the next new device is told of again.
func TestEachNewDeviceIsNoticed(t *testing.T) {
	a := newAuthor(t, newNode(t, "Ann"), 1)
	for i := range 3 {
		a.to.clock.advance(time.Second)
		a.devices = append(a.devices, newAuthorDevice(byte(20+i)))
		if err := a.admit(t, uint64(2+i), 0); err != nil {
			t.Fatal(err)
		}
		a.to.clock.advance(time.Second)
		a.write(t, 0, a.to.clock.ms, wire.NewText(a.salt(), "hello"))
		a.take(t, a.push(0, i+1, i+1))
	}
	if n := len(a.history(t)); n != 6 {
		t.Errorf("the history has %d lines: %q", n, a.texts(t))
	}
}

// A home that was restored from the words has a list with its new device alone,
// on which the old one is not even retired. The old one is refused from then
// on, also with the old list, which changes nothing (rule 2).
func TestRestoredFromWords(t *testing.T) {
	a := newTalk(t, 1)
	old := *a
	if err := old.admit(t, 2, 0); err != nil {
		t.Fatal(err)
	}
	a.devices, a.logs = nil, nil
	a.devices = append(a.devices, newAuthorDevice(9))
	if err := a.admit(t, 3, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, n := range []uint64{1, 2} {
			if err := old.admit(t, n, 0); !errors.Is(err, chat.ErrRetired) {
				t.Errorf("the old home, with list %d: %v", n, err)
			}
		}
		if _, err := a.to.TakePushes(a.account(), []*wire.Push{old.push(0, 1, 5)}); !errors.Is(err, chat.ErrProtocol) {
			t.Errorf("what the old home wrote: %v", err)
		}
	}
	if err := a.admit(t, 3, 0); err != nil {
		t.Errorf("the new home: %v", err)
	}
	list, err := wire.ParseDeviceList(a.to.ListOf(a.account()))
	if err != nil || list.N != 3 {
		t.Errorf("the list that counts is number %d, %v", list.N, err)
	}
}
