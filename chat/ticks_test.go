package chat_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// sent is a node with three messages to a contact, and their log.
func sent(t *testing.T) (ann, ben *node, l wire.Log, ids []wire.MessageID) {
	t.Helper()
	ann, ben, _ = pair(t)
	for _, text := range []string{"one", "two", "three"} {
		ids = append(ids, ann.send(t, ben, text).ID)
	}
	return ann, ben, ann.logTo(ben), ids
}

func wantStates(t *testing.T, n *node, ids []wire.MessageID, want ...chat.State) {
	t.Helper()
	for i, id := range ids {
		if got := n.message(t, id).State; got != want[i] {
			t.Errorf("message %d is %s, not %s", i+1, got, want[i])
		}
	}
}

func TestTicksOnlyRise(t *testing.T) {
	ann, ben, l, ids := sent(t)
	acked := func(head uint64) {
		t.Helper()
		if err := ann.Acked(ben.Account(), map[wire.Log]uint64{l: head}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(seq uint64) {
		t.Helper()
		if err := ann.TakeRead(ben.Account(), []wire.Mark{{Log: l, Seq: seq}}); err != nil {
			t.Fatal(err)
		}
	}
	wantStates(t, ann, ids, chat.Queued, chat.Queued, chat.Queued)
	acked(2)
	wantStates(t, ann, ids, chat.Delivered, chat.Delivered, chat.Queued)
	acked(1) // the vector of a disk that is older than our belief
	acked(0)
	acked(4) // more than I wrote
	wantStates(t, ann, ids, chat.Delivered, chat.Delivered, chat.Queued)
	read(1)
	wantStates(t, ann, ids, chat.Read, chat.Delivered, chat.Queued)
	read(0)
	wantStates(t, ann, ids, chat.Read, chat.Delivered, chat.Queued)
	read(99) // nothing is read that was not delivered
	wantStates(t, ann, ids, chat.Read, chat.Read, chat.Queued)
	acked(3) // but now it is
	wantStates(t, ann, ids, chat.Read, chat.Read, chat.Read)
}

// A mark that overtakes its acknowledgement on the way to the disk is not lost.
func TestReadBeforeAcknowledgement(t *testing.T) {
	ann, ben, l, ids := sent(t)
	if err := ann.TakeRead(ben.Account(), []wire.Mark{{Log: l, Seq: 2}}); err != nil {
		t.Fatal(err)
	}
	wantStates(t, ann, ids, chat.Queued, chat.Queued, chat.Queued)
	if err := ann.Acked(ben.Account(), map[wire.Log]uint64{l: 3}); err != nil {
		t.Fatal(err)
	}
	wantStates(t, ann, ids, chat.Read, chat.Read, chat.Delivered)
}

func TestTicksForWhatIsNotMine(t *testing.T) {
	ann, ben, l, ids := sent(t)
	carl := somebody(t, "Carl", 1)
	for name, forge := range map[string]func(*wire.Log){
		"another's log":        func(l *wire.Log) { l.Account = ben.Account() },
		"another conversation": func(l *wire.Log) { l.Conv = wire.DirectConv(ann.Account(), carl.Account) },
	} {
		forged := l
		forge(&forged)
		if err := ann.TakeRead(ben.Account(), []wire.Mark{{Log: l, Seq: 1}, {Log: forged, Seq: 1}}); !errors.Is(err, chat.ErrProtocol) {
			t.Errorf("a mark for %s: %v", name, err)
		}
		if err := ann.Acked(ben.Account(), map[wire.Log]uint64{l: 1, forged: 1}); !errors.Is(err, chat.ErrProtocol) {
			t.Errorf("an acknowledgement for %s: %v", name, err)
		}
	}
	unknown := l
	unknown.Device[0]++
	if err := ann.Acked(ben.Account(), map[wire.Log]uint64{unknown: 1}); err != nil {
		t.Errorf("of a device that I do not have: %v", err)
	}
	wantStates(t, ann, ids, chat.Queued, chat.Queued, chat.Queued)
}

// A contact whose disk went back gets everything again, and no tick goes back.
func TestContactIsRolledBack(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "one")
	p.exchange(t)
	s := &side{node: ann, peer: ben, heads: map[wire.Log]uint64{}}
	if err := ann.Acked(ben.Account(), map[wire.Log]uint64{}); err != nil {
		t.Fatal(err)
	}
	if push := s.nextPush(t, ann.logTo(ben), 1000); push.Seq != 1 || len(push.Events) != 1 {
		t.Errorf("it is pushed from %d", push.Seq)
	}
	if got := ann.message(t, m.ID).State; got != chat.Delivered {
		t.Errorf("it is %s", got)
	}
}

func TestReadReceipts(t *testing.T) {
	ann, ben, p := pair(t)
	say := func(text string) wire.MessageID {
		t.Helper()
		m := ann.send(t, ben, text)
		p.exchange(t)
		return m.ID
	}
	readAll := func() {
		t.Helper()
		if _, err := ben.MarkRead(ann.Account(), wire.MessageID{}); err != nil {
			t.Fatal(err)
		}
		p.exchange(t)
		open(t, ann, ben).exchange(t) // a vector says no more than a mark
	}
	set := func(value string) {
		t.Helper()
		if err := ben.SetSetting(chat.ReadReceipts, value); err != nil {
			t.Fatal(err)
		}
	}
	ids := []wire.MessageID{say("one")}
	readAll()
	wantStates(t, ann, ids, chat.Read)
	set("false")
	ids = append(ids, say("two"))
	readAll()
	wantStates(t, ben, ids, chat.Read, chat.Read)
	wantStates(t, ann, ids, chat.Read, chat.Delivered)
	set("true")
	readAll()
	wantStates(t, ann, ids, chat.Read, chat.Delivered)
	ids = append(ids, say("three"))
	wantStates(t, ann, ids, chat.Read, chat.Delivered, chat.Delivered)
	readAll()
	wantStates(t, ann, ids, chat.Read, chat.Read, chat.Read)
}

// What was read with receipts on, and not yet told, is not told once they are off.
func TestReceiptsSwitchedOffBeforeTheyAreTold(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "one")
	p.exchange(t)
	if _, err := ben.MarkRead(ann.Account(), wire.MessageID{}); err != nil {
		t.Fatal(err)
	}
	if err := ben.SetSetting(chat.ReadReceipts, "false"); err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	if got := ann.message(t, m.ID).State; got != chat.Delivered {
		t.Errorf("it is %s", got)
	}
}

func TestSettings(t *testing.T) {
	n := newNode(t, "Ann")
	if v, err := n.Setting(chat.ReadReceipts); v != "true" || err != nil {
		t.Errorf("the default is %q, %v", v, err)
	}
	wantCode(t, n.SetSetting(chat.ReadReceipts, "maybe"), chat.CodeUsage)
	wantCode(t, n.SetSetting("colour", "true"), chat.CodeNotFound)
	_, err := n.Setting("colour")
	wantCode(t, err, chat.CodeNotFound)
	if err := n.SetSetting(chat.ReadReceipts, "false"); err != nil {
		t.Fatal(err)
	}
	n.restart(t)
	if v, err := n.Setting(chat.ReadReceipts); v != "false" || err != nil {
		t.Errorf("it is %q, %v", v, err)
	}
}

func TestBusySaysWhy(t *testing.T) {
	ann, ben, _, ids := sent(t)
	ann.TakeBusy(ben.Account(), wire.ReasonDiskFull)
	if m := ann.message(t, ids[0]); m.State != chat.Queued || m.Why == "" {
		t.Errorf("%+v", m)
	}
	ann.TakeFree(ben.Account())
	if m := ann.message(t, ids[0]); m.Why != "" {
		t.Errorf("%+v", m)
	}
}

func TestWaitDelivered(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "hello")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got, err := ann.WaitDelivered(ctx, m.ID); got.State != chat.Queued || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before: %+v, %v", got, err)
	}
	type result struct {
		chat.Message
		err error
	}
	done := make(chan result)
	go func() {
		m, err := ann.WaitDelivered(t.Context(), m.ID)
		done <- result{m, err}
	}()
	p.exchange(t)
	if got := <-done; got.State != chat.Delivered || got.err != nil {
		t.Errorf("after: %+v", got)
	}
	if _, err := ann.WaitDelivered(t.Context(), wire.MessageID{1}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestMovesTellOfWhatChanged(t *testing.T) {
	ann, ben, p := pair(t)
	ann.TakeMoves()
	ben.TakeMoves()
	moved := func(n *node, what string, act func()) {
		t.Helper()
		moves := n.Moves()
		act()
		select {
		case <-moves:
		default:
			t.Errorf("%s wakes nobody", what)
		}
		if list := n.TakeMoves(); len(list) != 1 {
			t.Errorf("%s moved %d", what, len(list))
		}
	}
	var m chat.Message
	moved(ann, "a message", func() { m = ann.send(t, ben, "one") })
	moved(ann, "an edit", func() { ann.Edit(m.ID, "two", "k") })
	p.exchange(t)
	moved(ben, "reading", func() { ben.MarkRead(ann.Account(), wire.MessageID{}) })
	if _, err := ann.Edit(m.ID, "two", "k"); err != nil {
		t.Fatal(err)
	}
	if list := ann.TakeMoves(); len(list) != 0 {
		t.Errorf("a repeated edit moved %v", list)
	}
}
