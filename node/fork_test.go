package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// snapshot copies a home's files and returns how to put them back in place, in
// the very same files: as a disk does that lost its last writes.
func snapshot(t *testing.T, home string) (rollBack func()) {
	t.Helper()
	kept := map[string][]byte{}
	for _, name := range []string{"store.db", "data.key", "account.key"} {
		b, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			t.Fatal(err)
		}
		kept[name] = b
	}
	return func() {
		for name, b := range kept {
			f, err := os.OpenFile(filepath.Join(home, name), os.O_WRONLY|os.O_TRUNC, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(b); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
}

// agree waits until both have the texts, in whatever order, once each.
func agree(t *testing.T, a, b *node.Node, want ...string) {
	t.Helper()
	slices.Sort(want)
	for _, x := range [][2]*node.Node{{a, b}, {b, a}} {
		eventually(t, x[0], "everything is here once", func() bool {
			got := texts(t, x[0], x[1])
			slices.Sort(got)
			return slices.Equal(got, want)
		})
		eventually(t, x[0], "everything is delivered", func() bool {
			out, err := x[0].Chat().Outbox()
			return err == nil && len(out) == 0
		})
	}
}

// A disk that is rolled back to yesterday's state, with nothing written since:
// what was lost comes back from the contact.
func TestRolledBack(t *testing.T) {
	ann, ben, a, b := friends(t)
	agreeOn := func(text string) {
		m := send(t, a, b, text)
		eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	}
	agreeOn("one")
	a.Close()
	rollBack := snapshot(t, ann.home)
	a = ann.start(t)
	agreeOn("two")
	agreeOn("three")
	old := a.Chat().Device()
	a.Close()
	rollBack()
	a = ann.start(t)
	agree(t, a, b, "one", "two", "three")
	eventually(t, a, "a new device key", func() bool { return a.Chat().Device() != old })
	send(t, a, b, "four")
	send(t, b, a, "five")
	agree(t, a, b, "one", "two", "three", "four", "five")
	_ = ben
}

// The same, but the rolled-back home wrote before it met its contact: another
// event stands at a position that the contact knows.
func TestRolledBackAndForked(t *testing.T) {
	ann, ben, a, b := friends(t)
	m := send(t, a, b, "one")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	a.Close()
	rollBack := snapshot(t, ann.home)
	a = ann.start(t)
	for _, text := range []string{"two", "three"} {
		m = send(t, a, b, text)
	}
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	a.Close()
	b.Close()
	rollBack()
	a = ann.start(t)
	forked := send(t, a, b, "instead of two")
	send(t, a, b, "instead of three")
	send(t, a, b, "and more")
	b = ben.start(t)
	agree(t, a, b, "one", "two", "three", "instead of two", "instead of three", "and more")
	if got := state(t, b, forked.ID); got != chat.Received {
		t.Errorf("what was written again has another id: at Ben it is %q", got)
	}
}

// An edit, a reaction and a deletion made by a rolled-back home stay what they
// are when they are written again.
func TestRolledBackChanges(t *testing.T) {
	ann, ben, a, b := friends(t)
	one := send(t, a, b, "one")
	theirs := send(t, b, a, "theirs")
	two := send(t, a, b, "two")
	agree(t, a, b, "one", "theirs", "two")
	a.Close()
	rollBack := snapshot(t, ann.home)
	a = ann.start(t)
	send(t, a, b, "three")
	send(t, a, b, "four")
	send(t, a, b, "five")
	agree(t, a, b, "one", "theirs", "two", "three", "four", "five")
	a.Close()
	b.Close()
	rollBack()
	a = ann.start(t)
	must := func(_ chat.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.Chat().Edit(one.ID, "one, edited", ""))
	must(a.Chat().React(theirs.ID, "👍", false, ""))
	must(a.Chat().Delete(two.ID, ""))
	b = ben.start(t)
	agree(t, a, b, "one, edited", "theirs", "", "three", "four", "five")
	must(a.Chat().Edit(one.ID, "one, edited again", ""))
	must(a.Chat().React(theirs.ID, "👍", true, ""))
	agree(t, a, b, "one, edited again", "theirs", "", "three", "four", "five")
	for _, n := range []*node.Node{a, b} {
		eventually(t, n, "the reaction is taken off", func() bool {
			m, err := n.Chat().Message(theirs.ID)
			return err == nil && len(m.Reactions) == 0
		})
	}
}

// What a contact has of a log may be more than one answer holds, and the mark
// of what was delivered may lag far behind.
func TestRolledBackBehindALongQueue(t *testing.T) {
	ann, ben, a, b := friends(t)
	b.Close()
	var want []string
	for i := range 150 {
		want = append(want, fmt.Sprint(i, strings.Repeat("x", 1000)))
		send(t, a, b, want[i])
	}
	a.Close()
	rollBack := snapshot(t, ann.home)
	a, b = ann.start(t), ben.start(t)
	want = append(want, "lost")
	send(t, a, b, "lost")
	agree(t, a, b, slices.Clone(want)...)
	a.Close()
	rollBack()
	a = ann.start(t)
	agree(t, a, b, slices.Clone(want)...)
	send(t, a, b, "after")
	agree(t, a, b, append(slices.Clone(want), "after")...)
}

// What a rolled-back home wrote instead may be long: all of it is written again.
func TestRolledBackAndForkedFar(t *testing.T) {
	ann, ben, a, b := friends(t)
	m := send(t, a, b, "one")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	a.Close()
	rollBack := snapshot(t, ann.home)
	a = ann.start(t)
	m = send(t, a, b, "two")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	a.Close()
	b.Close()
	rollBack()
	a = ann.start(t)
	want := []string{"one", "two"}
	for i := range 600 { // more than are moved in one go, twice
		want = append(want, fmt.Sprint("instead ", i))
		send(t, a, b, want[len(want)-1])
	}
	b = ben.start(t)
	agree(t, a, b, want...)
}

// Nothing at all is written by a home that must not write.
func TestStoppedDeletesNothing(t *testing.T) {
	ann, _, a, b := friends(t)
	m := send(t, a, b, "one")
	a.Close()
	second := newPerson(t, "Ann")
	if err := os.CopyFS(second.home, os.DirFS(ann.home)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(second.home, "account.key")); err != nil {
		t.Fatal(err)
	}
	c := second.start(t)
	if node.BirthOf(filepath.Join(second.home, "store.db")) == "" {
		t.Skip("this file system does not tell when a file was made")
	}
	if _, err := c.Chat().Delete(m.ID, ""); err == nil {
		t.Error("it deleted a message under the device key of its original")
	}
}

// A home copied to a second machine takes a new device key before it writes;
// the one that it was copied from learns that it is retired, and stops.
func TestCopiedHome(t *testing.T) {
	ann, ben, a, b := friends(t)
	m := send(t, a, b, "one")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	old := a.Chat().Device()
	a.Close()
	second := newPerson(t, "Ann")
	if err := os.CopyFS(second.home, os.DirFS(ann.home)); err != nil {
		t.Fatal(err)
	}
	c := second.start(t)
	if node.BirthOf(filepath.Join(second.home, "store.db")) == "" {
		t.Skip("this file system does not tell when a file was made")
	}
	if c.Chat().Device() == old {
		t.Fatal("the copy writes under the device key of its original")
	}
	send(t, c, b, "from the copy")
	agree(t, c, b, "one", "from the copy")
	c.Close()

	a = ann.start(t)
	lost := send(t, a, b, "from the first home")
	eventually(t, a, "the first home learns that it is retired", func() bool { return a.Chat().Stopped() != nil })
	if got := state(t, a, lost.ID); got != chat.Queued {
		t.Errorf("what a retired device wrote is %q", got)
	}
	a.Close()
	a = ann.start(t)
	if _, err := a.Chat().Send(b.Chat().Account(), "no", chat.SendOptions{}); err == nil {
		t.Error("after a restart the retired device writes again")
	}
	if err := a.Renew(nil); err != nil {
		t.Fatal(err)
	}
	agree(t, a, b, "one", "from the copy", "from the first home")
	_ = ben
}

// A copy starts while its original is linked: the original is told at once.
func TestCopyBesideItsOriginal(t *testing.T) {
	ann, _, a, b := friends(t)
	a.Close()
	second := newPerson(t, "Ann")
	if err := os.CopyFS(second.home, os.DirFS(ann.home)); err != nil {
		t.Fatal(err)
	}
	a = ann.start(t)
	agree(t, a, b)
	c := second.start(t)
	if node.BirthOf(filepath.Join(second.home, "store.db")) == "" {
		t.Skip("this file system does not tell when a file was made")
	}
	eventually(t, a, "the original learns that it is retired", func() bool { return a.Chat().Stopped() != nil })
	send(t, c, b, "from the copy")
	agree(t, c, b, "from the copy")
	if _, err := a.Chat().Send(b.Chat().Account(), "no", chat.SendOptions{}); err == nil {
		t.Error("the original writes on")
	}
}

// Without the account key a copy reads, and refuses to write.
func TestCopiedHomeWithoutAccountKey(t *testing.T) {
	ann, _, a, b := friends(t)
	a.Close()
	second := newPerson(t, "Ann")
	if err := os.CopyFS(second.home, os.DirFS(ann.home)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(second.home, "account.key")); err != nil {
		t.Fatal(err)
	}
	c := second.start(t)
	if _, err := c.Chat().Send(b.Chat().Account(), "no", chat.SendOptions{}); err == nil {
		t.Error("a copy wrote under the device key of its original")
	}
	if err := c.Renew(nil); err == nil {
		t.Error("renewed without the account key")
	}
}
