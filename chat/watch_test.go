package chat_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// told is an update in short.
func told(u chat.Update) string {
	s := u.Cursor + " " + string(u.Kind) + " " + u.What
	if u.Message != nil {
		s += fmt.Sprintf("%s %q %s", u.Message.ID, u.Message.Text, u.Message.State)
	}
	if u.Contact != nil {
		s += u.Contact.Name + " " + string(u.Contact.Relation)
	}
	return s
}

// collect watches from a cursor until the newest change, which must be one that
// is told, or until it has n updates.
func collect(t *testing.T, w *node, since string, n int) (list []string) {
	t.Helper()
	end := w.Cursor()
	if since == end {
		return nil
	}
	for u, err := range w.Watch(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, told(u))
		if u.Cursor == end || len(list) == n {
			break
		}
	}
	return list
}

// newStage is a node to which everything happens that is told, and the cursor
// before it. One row of its journal tells of n messages, and of some events
// between them that are none.
func newStage(t *testing.T, n int) (a *author, begin string) {
	t.Helper()
	a = newAuthor(t, newNode(t, "Ann"), 1)
	begin = a.to.Cursor()
	for i := range n {
		id := a.write(t, 0, start, wire.NewText(a.salt(), fmt.Sprint(i)))
		if i%20 == 0 {
			a.append(0, wire.Event{Kind: wire.KindSilent})
			a.write(t, 0, start, wire.NewReaction(a.salt(), id, "👍"))
		}
	}
	a.append(0, wire.Event{Kind: wire.KindSilent})
	a.pushAll(t)
	m, err := a.to.Send(a.account(), "mine", chat.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l := wire.Log{Conv: a.log(0).Conv, Account: a.to.Account(), Device: a.to.Device()}
	steps := []func() error{
		func() error { _, err := a.to.MarkRead(a.account(), wire.MessageID{}); return err },
		func() error { _, err := a.to.Edit(m.ID, "edited", ""); return err },
		func() error { return a.to.Acked(a.account(), map[wire.Log]uint64{l: 1}) },
		func() error { return a.to.TakeRead(a.account(), []wire.Mark{{Log: l, Seq: 1}}) },
		func() error { return a.to.TakeRefused(a.account(), &wire.Refused{Log: l, Seq: 2}) },
		func() error { _, err := a.to.Delete(m.ID, ""); return err },
		func() error { _, err := a.to.Rename(a.account(), "Zoe", ""); return err },
		func() error { return a.to.SetName("Anna") },
		func() error { return a.to.SetSetting(chat.ReadReceipts, "false") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return a, begin
}

func TestWatchTellsEverythingOnce(t *testing.T) {
	a, begin := newStage(t, 300) // more than are read at a time
	whole := collect(t, a.to, begin, 1<<20)
	counts := map[string]int{}
	for _, u := range whole {
		counts[strings.Fields(u)[1]]++
	}
	// 300 messages with 15 reactions, mine and its deletion, which has blanked
	// its edit; 300 read, mine delivered and read.
	want := map[string]int{"message": 317, "state": 302, "contact": 1, "node": 2}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("told: %v, not %v", counts, want)
	}
	if sorted := slices.Sorted(slices.Values(whole)); len(slices.Compact(sorted)) != len(whole) {
		t.Error("something is told twice")
	}
	resume(t, a.to, whole, 37)
}

func TestWatchResumesAnywhere(t *testing.T) {
	a, begin := newStage(t, 50)
	resume(t, a.to, collect(t, a.to, begin, 1<<20), 1)
}

// resume watches again after every so many of the updates: the rest must follow.
func resume(t *testing.T, n *node, whole []string, step int) {
	t.Helper()
	for i := 0; i < len(whole); i += step {
		since, _, _ := strings.Cut(whole[i], " ")
		if got := collect(t, n, since, 1<<20); !slices.Equal(got, whole[i+1:]) {
			t.Fatalf("resumed after update %d: %q", i, got)
		}
	}
}

func TestWatchUnknownCursor(t *testing.T) {
	a, begin := newStage(t, 50)
	generation, _, _ := strings.Cut(begin, "-")
	newest := a.to.Cursor()
	for name, since := range map[string]string{
		"garbage":                   "what?",
		"of another store":          "0123456789abcdef-1",
		"without a number":          generation + "-",
		"negative":                  generation + "--1",
		"of the future":             generation + "-999999",
		"a part of the future":      newest + ".1",
		"a number with zeros":       generation + "-01",
		"a part zero":               begin + ".0",
		"a part beyond all":         begin + ".18446744073709551615",
		"a number beyond all":       generation + "-18446744073709551616",
		"with something behind it":  begin + " ",
		"with two parts":            begin + ".1.1",
		"the generation on its own": generation,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		var got chat.Update
		for u, err := range a.to.Watch(ctx, since) {
			if got = u; err != nil {
				t.Error(err)
			}
			break
		}
		if cancel(); got.Kind != chat.UpdateReset || got.Cursor != newest {
			t.Errorf("%s: %s", name, told(got))
		}
	}
	for u, err := range a.to.Watch(t.Context(), generation+"-0") {
		if err != nil || u.Kind == chat.UpdateReset {
			t.Errorf("the beginning: %s, %v", told(u), err)
		}
		break
	}
}

// watcher gathers what a Watch yields, in a bubble.
type watcher struct {
	list []string
	end  context.CancelFunc
	done chan struct{}
}

func watch(t *testing.T, n *node, since string) *watcher {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watcher{end: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for u, err := range n.Watch(ctx, since) {
			if err != nil {
				t.Error(err)
			}
			w.list = append(w.list, string(u.Kind))
		}
	}()
	synctest.Wait()
	return w
}

func TestWatchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, p := pair(t)
		fresh, lost := watch(t, ann, ""), watch(t, ann, "lost")
		if len(fresh.list) != 0 || !slices.Equal(lost.list, []string{"reset"}) {
			t.Errorf("at first %q and %q", fresh.list, lost.list)
		}
		ann.send(t, ben, "hello")
		synctest.Wait()
		p.exchange(t)
		synctest.Wait()
		for _, w := range []*watcher{fresh, lost} {
			w.end()
			<-w.done
		}
		want := []string{"message", "state"}
		if !slices.Equal(fresh.list, want) || !slices.Equal(lost.list[1:], want) {
			t.Errorf("then %q and %q", fresh.list, lost.list)
		}
	})
}

// A reader that takes its time holds nothing up, and misses nothing.
func TestWatchSlowly(t *testing.T) {
	ann, ben, p := pair(t)
	since := ann.Cursor()
	first := ann.send(t, ben, "0")
	var got []string
	for u, err := range ann.Watch(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(u.Kind)+" "+string(u.Message.State))
		if len(got) == 1 {
			ann.send(t, ben, "1") // while it works on the first
			p.exchange(t)
			if _, err := ann.Edit(first.ID, "edited", ""); err != nil {
				t.Fatal(err)
			}
		}
		if len(got) == 5 {
			break
		}
	}
	want := []string{"message queued", "message delivered", "state delivered", "state delivered", "message delivered"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWatchOfAClosedStoreFails(t *testing.T) {
	n := newNode(t, "Ann")
	since := n.Cursor()
	if err := n.disk.Close(); err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, err := range n.Watch(t.Context(), since) {
		failed = failed || err != nil
	}
	if !failed {
		t.Error("it ended without an error")
	}
}
