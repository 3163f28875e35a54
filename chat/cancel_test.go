package chat_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// cancelled checks that m is taken back at the node, and leaves no text.
func cancelled(t *testing.T, n, to *node, m chat.Message, text string) {
	t.Helper()
	got, err := n.Cancel(m.ID, "")
	if err != nil || got.ID != m.ID || !got.Deleted || got.Text != "" || got.State != chat.Failed || got.Why == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	noBody(t, text, n, n.logTo(to))
}

func refusesCancel(t *testing.T, n *node, id wire.MessageID) {
	t.Helper()
	before := n.message(t, id)
	_, err := n.Cancel(id, "")
	wantCode(t, err, chat.CodeRefused)
	if got := n.message(t, id); got.State != before.State || got.Text != before.Text {
		t.Errorf("a refused Cancel made %+v of %+v", got, before)
	}
}

func TestCancel(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "secret one")
	if _, err := ann.Edit(m.ID, "secret two", ""); err != nil {
		t.Fatal(err)
	}
	ann.send(t, ben, "later")
	cancelled(t, ann, ben, m, "secret")
	before := ann.Cursor()
	if again, err := ann.Cancel(m.ID, ""); err != nil || again.State != chat.Failed || ann.Cursor() != before {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	if out, err := ann.Outbox(); len(out) != 1 || out[0].Text != "later" {
		t.Errorf("the outbox is %+v, %v", out, err)
	}
	push, _, err := ann.PushFrom(ann.logTo(ben), 1, 1<<20)
	if err != nil || bytes.Contains(wire.AppendFrame(nil, push), []byte("secret")) {
		t.Errorf("the text leaves, or %v", err)
	}
	p.exchange(t)
	wantTexts(t, ben.texts(t, ann), "later")
	if got := ann.message(t, m.ID); got.State != chat.Failed {
		t.Errorf("once its empty place is there the message is %s", got.State)
	}
	if again, err := ann.Cancel(m.ID, ""); err != nil || again.State != chat.Failed {
		t.Errorf("a third time: %+v, %v", again, err)
	}
}

func TestCancelRefuses(t *testing.T) {
	ann, ben, p := pair(t)
	delivered, deleted := ann.send(t, ben, "delivered"), ann.send(t, ben, "deleted")
	theirs := ben.send(t, ann, "theirs")
	p.exchange(t)
	if _, err := ann.Delete(deleted.ID, ""); err != nil {
		t.Fatal(err)
	}
	for _, id := range []wire.MessageID{delivered.ID, deleted.ID, theirs.ID} {
		refusesCancel(t, ann, id)
	}
	_, err := ann.Cancel(wire.MessageID{1}, "")
	wantCode(t, err, chat.CodeNotFound)

	removed := ann.send(t, ben, "removed")
	if _, _, err := ann.Remove(ben.Account()); err != nil {
		t.Fatal(err)
	}
	refusesCancel(t, ann, removed.ID)
}

func TestCancelWithKey(t *testing.T) {
	ann, ben, _ := pair(t)
	one, two := ann.send(t, ben, "one"), ann.send(t, ben, "two")
	for range 2 {
		if m, err := ann.Cancel(one.ID, "k"); err != nil || m.ID != one.ID {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	if m, err := ann.Cancel(two.ID, "k"); err != nil || m.ID != one.ID {
		t.Errorf("another message under the same key: %+v, %v", m, err)
	}
	if m := ann.message(t, two.ID); m.Deleted {
		t.Error("the key took a second message back")
	}
}

// What was handed to a link may have arrived. Neither Cancel nor Delete says
// that it has not, also after a crash, until an acknowledgement has settled it.
func TestCancelOnItsWay(t *testing.T) {
	ann, ben, p := pair(t)
	p.exchange(t)
	hangUp(t, ann, ben) // after the sessions of pair
	m, gone := ann.send(t, ben, "on its way"), ann.send(t, ben, "deleted on its way")
	if _, _, err := ann.PushFrom(ann.logTo(ben), seqOf(t, ann, m), 1<<20); err != nil {
		t.Fatal(err)
	}
	stays := ann.send(t, ben, "still here")
	refusesCancel(t, ann, m.ID)
	if got, err := ann.Delete(gone.ID, ""); err != nil || !got.Deleted || got.State != chat.Queued {
		t.Errorf("deleted on its way: %+v, %v", got, err)
	}
	cancelled(t, ann, ben, stays, "still here")

	later := ann.send(t, ben, "written before the crash")
	ann.restart(t)
	refusesCancel(t, ann, m.ID)
	refusesCancel(t, ann, later.ID) // for all that is known now
	hangUp(t, ann, ben)
	refusesCancel(t, ann, later.ID)

	open(t, ann, ben).exchange(t)
	if got := ann.message(t, m.ID).State; got != chat.Delivered {
		t.Errorf("it is %s", got)
	}
	hangUp(t, ann, ben)
	ann.restart(t)
	cancelled(t, ann, ben, ann.send(t, ben, "written when all was settled"), "settled")
}

// Nor where the disk said that what settled it had failed, and it had not.
func TestCancelAfterAnUnknownCommit(t *testing.T) {
	ann, ben, p := pair(t)
	ann.send(t, ben, "delivered")
	p.exchange(t)
	if err := ann.LinkUp(ben.Account()); err != nil {
		t.Fatal(err)
	}
	ann.disk.lie = errors.New("not known")
	if err := ann.LinkDown(ben.Account()); !errors.Is(err, ann.disk.lie) {
		t.Fatal(err)
	}
	ann.disk.lie = nil
	m := ann.send(t, ben, "on its way")
	if _, _, err := ann.PushFrom(ann.logTo(ben), seqOf(t, ann, m), 1<<20); err != nil {
		t.Fatal(err)
	}
	ann.restart(t)
	refusesCancel(t, ann, m.ID)
}

// hangUp ends the only link.
func hangUp(t *testing.T, n, peer *node) {
	t.Helper()
	if err := errors.Join(n.LinkUp(peer.Account()), n.LinkDown(peer.Account())); err != nil {
		t.Fatal(err)
	}
}

// seqOf is the position of a message in its log.
func seqOf(t *testing.T, n *node, m chat.Message) (seq uint64) {
	t.Helper()
	n.view(t, func(r chat.Reader) error {
		e, err := r.ByID(m.ID)
		seq = e.Seq
		return err
	})
	return seq
}

// One who cancels while a link takes what there is learns the truth: the other
// side has the text if and only if Cancel was refused.
func TestCancelRacesWithPush(t *testing.T) {
	ann, ben, _ := pair(t)
	for range 20 {
		m := ann.send(t, ben, "a secret")
		from := seqOf(t, ann, m)
		left := make(chan bool)
		go func() {
			push, _, err := ann.PushFrom(ann.logTo(ben), from, 1<<20)
			left <- err == nil && bytes.Contains(wire.AppendFrame(nil, push), []byte("a secret"))
		}()
		_, err := ann.Cancel(m.ID, "")
		if sent := <-left; sent == (err == nil) {
			t.Fatalf("it left: %v, and Cancel says %v", sent, err)
		}
	}
}
