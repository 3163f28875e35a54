package chat_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// newBook is a long conversation: 300 messages from two devices, in turns.
func newBook(t *testing.T) (a *author, all []chat.Message) {
	t.Helper()
	a = newAuthor(t, newNode(t, "Ann"), 2)
	for i := range 300 {
		a.write(t, i%2, start-1000+int64(i/3), wire.NewText(a.salt(), fmt.Sprint(i)))
	}
	a.pushAll(t)
	return a, a.history(t)
}

func TestHistoryPages(t *testing.T) {
	a, all := newBook(t)
	if len(all) != 300 {
		t.Fatalf("there are %d messages", len(all))
	}
	places := []int{-1, 0, 1, 49, 150, 151, 298, 299} // -1: none
	for _, n := range []int{0, 1, 2, 50, 299, 300, 1000} {
		for _, before := range places {
			for _, after := range places {
				opt := chat.HistoryOptions{N: n}
				from, to := 0, len(all)
				if before >= 0 {
					opt.Before, to = all[before].ID, before
				}
				if after >= 0 {
					opt.After, from = all[after].ID, after+1
				}
				want := all[min(from, to):to]
				size := n
				if n == 0 {
					size = 50
				}
				if size < len(want) {
					if after >= 0 && before < 0 {
						want = want[:size]
					} else {
						want = want[len(want)-size:]
					}
				}
				got, err := a.to.History(a.account(), opt)
				if err != nil || !sameMessages(got, want) {
					t.Errorf("%d before %d, after %d: %d messages, not %d, %v", n, before, after, len(got), len(want), err)
				}
			}
		}
	}
}

func sameMessages(a, b []chat.Message) bool {
	return slices.EqualFunc(a, b, func(x, y chat.Message) bool { return x.ID == y.ID && x.Text == y.Text })
}

func TestHistoryOfNobody(t *testing.T) {
	a, all := newBook(t)
	_, err := a.to.History(wire.Account{1}, chat.HistoryOptions{})
	wantCode(t, err, chat.CodeNotFound)
	for _, opt := range []chat.HistoryOptions{{Before: wire.MessageID{1}}, {After: wire.MessageID{1}}} {
		_, err = a.to.History(a.account(), opt)
		wantCode(t, err, chat.CodeNotFound)
	}
	carl := somebody(t, "Carl", 1)
	a.to.Ask(carl, chat.AskOptions{})
	if list, err := a.to.History(carl.Account, chat.HistoryOptions{}); len(list) != 0 || err != nil {
		t.Errorf("%d messages, %v", len(list), err)
	}
	_, err = a.to.History(carl.Account, chat.HistoryOptions{Before: all[0].ID})
	wantCode(t, err, chat.CodeNotFound)
}

func TestMarkReadUpTo(t *testing.T) {
	a, all := newBook(t)
	mine, err := a.to.Send(a.account(), "mine", chat.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, x := range []struct {
		upTo wire.MessageID
		read int
	}{
		{all[0].ID, 1}, {all[0].ID, 1}, {all[120].ID, 121}, {all[7].ID, 121}, {all[121].ID, 122},
		{all[298].ID, 299}, {mine.ID, 300}, {wire.MessageID{}, 300},
	} {
		read = x.read
		left, err := a.to.MarkRead(a.account(), x.upTo)
		if err != nil || int(left) != 300-read {
			t.Errorf("up to %s %d are left, not %d, %v", x.upTo, left, 300-read, err)
		}
		if c, _ := a.to.Contact(a.account()); c.Unread != left {
			t.Errorf("the contact has %d unread, not %d", c.Unread, left)
		}
		for i, m := range a.history(t)[:300] {
			if want := map[bool]chat.State{true: chat.Read, false: chat.Received}[i < read]; m.State != want {
				t.Fatalf("with %d read, message %d is %s", read, i, m.State)
			}
		}
	}
	before := a.to.Cursor()
	if _, err := a.to.MarkRead(a.account(), wire.MessageID{}); err != nil || a.to.Cursor() != before {
		t.Errorf("reading nothing new is stored, %v", err)
	}
	_, err = a.to.MarkRead(a.account(), wire.MessageID{1})
	wantCode(t, err, chat.CodeNotFound)
	_, err = a.to.MarkRead(wire.Account{1}, wire.MessageID{})
	wantCode(t, err, chat.CodeNotFound)
}
