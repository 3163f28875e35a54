package chat_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func TestSendByRelation(t *testing.T) {
	tests := []struct {
		state string
		path  []string
		code  chat.Code // empty: it is queued
	}{
		{"unknown", nil, chat.CodeNotFound},
		{"asked", []string{"ask"}, ""},
		{"accepted", []string{"ask", "hear: want"}, ""},
		{"declined", []string{"ask", "hear: no"}, chat.CodeRefused},
		{"requested", []string{"hear: want"}, chat.CodeRefused},
		{"gone", []string{"hear: want", "decline"}, chat.CodeRefused},
	}
	for _, test := range tests {
		t.Run(test.state, func(t *testing.T) {
			n := newNode(t, "Ann")
			s := newStranger(t, n)
			for _, op := range test.path {
				if err := operations[op](t, n, s); err != nil {
					t.Fatal(err)
				}
			}
			before := n.Cursor()
			m, err := n.Send(s.Account(), "hello", chat.SendOptions{})
			if test.code != "" {
				wantCode(t, err, test.code)
				if n.Cursor() != before {
					t.Error("something was stored")
				}
				return
			}
			if err != nil || m.State != chat.Queued || m.Text != "hello" || !m.Out || m.ID[0] != 1 {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}

func TestSendRefusesBadText(t *testing.T) {
	ann, ben, _ := pair(t)
	before := ann.Cursor()
	for _, test := range []struct {
		what, text string
		code       chat.Code
	}{
		{"empty", "", chat.CodeUsage},
		{"not UTF-8", "a\xffb", chat.CodeUsage},
		{"too long", strings.Repeat("a", wire.MaxText+1), chat.CodeRefused},
	} {
		t.Run(test.what, func(t *testing.T) {
			_, err := ann.Send(ben.Account(), test.text, chat.SendOptions{})
			wantCode(t, err, test.code)
			_, err = ann.Edit(wire.MessageID{1}, test.text, "")
			wantCode(t, err, test.code)
		})
	}
	if ann.Cursor() != before {
		t.Error("something was stored")
	}
	if m := ann.send(t, ben, strings.Repeat("a", wire.MaxText)); len(m.Text) != wire.MaxText {
		t.Errorf("of the longest text %d bytes are left", len(m.Text))
	}
}

func TestReply(t *testing.T) {
	ann, ben, p := pair(t)
	carl := somebody(t, "Carl", 1)
	ann.Ask(carl, chat.AskOptions{})
	question := ben.send(t, ann, "how are you?")
	p.exchange(t)
	other, err := ann.Send(carl.Account, "elsewhere", chat.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]wire.MessageID{"unknown": {1, 2}, "of another conversation": other.ID} {
		_, err := ann.Send(ben.Account(), "fine", chat.SendOptions{ReplyTo: id})
		if !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("to a message that is %s: %v", name, err)
		}
	}
	answer, err := ann.Send(ben.Account(), "fine", chat.SendOptions{ReplyTo: question.ID})
	if err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	if m := ben.message(t, answer.ID); m.ReplyTo != question.ID || m.Text != "fine" {
		t.Errorf("at Ben it is %+v", m)
	}
}

func TestEdit(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "helo")
	p.exchange(t)
	ann.clock.advance(time.Second)
	edited, err := ann.Edit(m.ID, "hello", "")
	if err != nil || edited.ID != m.ID || edited.Text != "hello" || !edited.Edited || edited.Time != m.Time {
		t.Errorf("%+v, %v", edited, err)
	}
	before := ann.Cursor()
	if _, err := ann.Edit(m.ID, "hello", ""); err != nil || ann.Cursor() != before {
		t.Errorf("an edit that changes nothing is stored, %v", err)
	}
	p.exchange(t)
	if got := ben.message(t, m.ID); got.Text != "hello" || !got.Edited {
		t.Errorf("at Ben it is %+v", got)
	}
	_, err = ben.Edit(m.ID, "hullo", "")
	wantCode(t, err, chat.CodeRefused)
	_, err = ann.Edit(wire.MessageID{1}, "x", "")
	wantCode(t, err, chat.CodeNotFound)
	if n := ben.unread(t, ann); n != 1 {
		t.Errorf("%d are unread", n)
	}
}

func TestDelete(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "secret one")
	if _, err := ann.Edit(m.ID, "secret two", ""); err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	_, err := ben.Delete(m.ID, "")
	wantCode(t, err, chat.CodeRefused)
	deleted, err := ann.Delete(m.ID, "")
	if err != nil || !deleted.Deleted || deleted.Text != "" || deleted.ID != m.ID {
		t.Errorf("%+v, %v", deleted, err)
	}
	before := ann.Cursor()
	if _, err := ann.Delete(m.ID, ""); err != nil || ann.Cursor() != before {
		t.Errorf("a second deletion is stored, %v", err)
	}
	p.exchange(t)
	if got := ben.message(t, m.ID); !got.Deleted || got.Text != "" {
		t.Errorf("at Ben it is %+v", got)
	}
	_, err = ann.Edit(m.ID, "again", "")
	wantCode(t, err, chat.CodeRefused)
	_, err = ann.React(m.ID, "👍", false, "")
	wantCode(t, err, chat.CodeRefused)
	noBody(t, "secret", ann, ann.logTo(ben))
	noBody(t, "secret", ben, ann.logTo(ben))
}

// noBody checks that no event of a log holds the text.
func noBody(t *testing.T, text string, n *node, l wire.Log) {
	t.Helper()
	for seq := range n.head(t, l).Head {
		if e := n.event(t, l, seq+1); bytes.Contains(e.Wire.Body, []byte(text)) {
			t.Errorf("%s still has %q on disk, at %d", n.Name(), text, seq+1)
		}
	}
}

// The text of a message that was deleted before its delivery never leaves.
func TestDeleteBeforeDelivery(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "secret")
	ann.send(t, ben, "public")
	if _, err := ann.Delete(m.ID, ""); err != nil {
		t.Fatal(err)
	}
	if out, err := ann.Outbox(); len(out) != 1 || out[0].Text != "public" {
		t.Errorf("the outbox is %+v, %v", out, err)
	}
	push, _, err := ann.PushFrom(ann.logTo(ben), 1, 1<<20)
	if err != nil || len(push.Events) != 3 || !push.Events[0].Stub {
		t.Fatalf("%+v, %v", push, err)
	}
	if b := wire.AppendFrame(nil, push); bytes.Contains(b, []byte("secret")) {
		t.Error("the text leaves")
	}
	p.exchange(t)
	if got := ann.message(t, m.ID); got.State != chat.Failed || got.Why == "" {
		t.Errorf("what was never sent is %s because %q", got.State, got.Why)
	}
	wantTexts(t, ben.texts(t, ann), "public")
	if n := ben.unread(t, ann); n != 1 {
		t.Errorf("%d are unread", n)
	}
}

// A message can be taken back from somebody who is no contact any more, and
// with the disk full.
func TestDeleteIsAlwaysPossible(t *testing.T) {
	n := newNode(t, "Ann")
	s := newStranger(t, n)
	n.ask(t, s.node)
	m := n.send(t, s.node, "hello?")
	if err := s.says(t, 2000, false, true); err != nil {
		t.Fatal(err)
	}
	n.disk.full = true
	if m, err := n.Delete(m.ID, ""); err != nil || !m.Deleted {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestReactions(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "lunch?")
	p.exchange(t)
	for _, emoji := range []string{"👍", "🍕"} {
		if _, err := ben.React(m.ID, emoji, false, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ann.React(m.ID, "👍", false, ""); err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	for _, n := range []*node{ann, ben} {
		r := n.message(t, m.ID).Reactions
		if len(r) != 2 || len(r["👍"]) != 2 || !slices.Equal(r["🍕"], []wire.Account{ben.Account()}) {
			t.Errorf("%s sees %v", n.Name(), r)
		}
	}
	before := ben.Cursor()
	if _, err := ben.React(m.ID, "👍", false, ""); err != nil || ben.Cursor() != before {
		t.Errorf("the same reaction twice is stored, %v", err)
	}
	if _, err := ben.React(m.ID, "🐢", true, ""); err != nil || ben.Cursor() != before {
		t.Errorf("the removal of what is not there is stored, %v", err)
	}
	if got, err := ben.React(m.ID, "👍", true, ""); err != nil || len(got.Reactions["👍"]) != 1 {
		t.Errorf("after the removal: %+v, %v", got, err)
	}
	p.exchange(t)
	if r := ann.message(t, m.ID).Reactions; !slices.Equal(r["👍"], []wire.Account{ann.Account()}) {
		t.Errorf("Ann sees %v", r)
	}
	if got, err := ben.React(m.ID, "👍", false, ""); err != nil || len(got.Reactions["👍"]) != 2 {
		t.Errorf("put on again: %+v, %v", got, err)
	}
	_, err := ben.React(m.ID, "a b", false, "")
	wantCode(t, err, chat.CodeUsage)
	_, err = ben.React(wire.MessageID{1}, "👍", false, "")
	wantCode(t, err, chat.CodeNotFound)
}

func TestReactionsAreBounded(t *testing.T) {
	ann, ben, _ := pair(t)
	m := ann.send(t, ben, "x")
	for i := range 32 {
		if _, err := ann.React(m.ID, string(rune('😀'+i)), false, ""); err != nil {
			t.Fatal(err)
		}
	}
	_, err := ann.React(m.ID, "🍕", false, "")
	wantCode(t, err, chat.CodeRefused)
	if got, err := ann.React(m.ID, "😀", true, ""); err != nil || len(got.Reactions) != 31 {
		t.Errorf("%d are left, %v", len(got.Reactions), err)
	}
}

// The id of an edit or a reaction is no message's.
func TestOnlyMessagesAreMessages(t *testing.T) {
	ann, ben, _ := pair(t)
	m := ann.send(t, ben, "x")
	ann.React(m.ID, "👍", false, "")
	id := ann.event(t, ann.logTo(ben), 2).ID
	if _, err := ann.Message(id); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Message: %v", err)
	}
	if _, err := ann.Delete(id, ""); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Delete: %v", err)
	}
	if _, err := ann.History(ben.Account(), chat.HistoryOptions{Before: id}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("History: %v", err)
	}
	if _, err := ann.Send(ben.Account(), "y", chat.SendOptions{ReplyTo: id}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("Send: %v", err)
	}
}

func TestResolveID(t *testing.T) {
	ann, ben, _ := pair(t)
	m := ann.send(t, ben, "x")
	full := m.ID.String()
	for _, test := range []struct {
		prefix string
		code   chat.Code
	}{
		{full, ""}, {full[:6], ""}, {strings.ToUpper(full[:31]), ""},
		{full[:5], chat.CodeUsage}, {full + "0", chat.CodeUsage}, {"xyzxyz", chat.CodeUsage}, {"", chat.CodeUsage},
		{"ffffff", chat.CodeNotFound}, {strings.Repeat("f", 64), chat.CodeNotFound},
	} {
		id, err := ann.ResolveID(test.prefix)
		if test.code != "" {
			wantCode(t, err, test.code)
		} else if err != nil || id != m.ID {
			t.Errorf("%s: %s, %v", test.prefix, id, err)
		}
	}
}

func TestOutbox(t *testing.T) {
	ann, ben, p := pair(t)
	carl := somebody(t, "Carl", 1)
	ann.Ask(carl, chat.AskOptions{})
	first := ann.send(t, ben, "one")
	ann.React(first.ID, "👍", false, "")
	ann.send(t, ben, "two")
	if _, err := ann.Send(carl.Account, "three", chat.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	outbox := func() (list []string) {
		out, err := ann.Outbox()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out {
			list = append(list, m.Text)
		}
		return list
	}
	wantTexts(t, outbox(), "one", "two", "three")
	p.exchange(t)
	wantTexts(t, outbox(), "three")
}

func TestFullDisk(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "x")
	p.exchange(t)
	ann.disk.full = true
	_, err := ann.Send(ben.Account(), "y", chat.SendOptions{})
	wantCode(t, err, chat.CodeFailed)
	_, err = ann.Edit(m.ID, "y", "")
	wantCode(t, err, chat.CodeFailed)
	_, err = ann.React(m.ID, "👍", false, "")
	wantCode(t, err, chat.CodeFailed)
	if m, err := ann.Delete(m.ID, ""); err != nil || !m.Deleted {
		t.Errorf("a deletion: %+v, %v", m, err)
	}
}
