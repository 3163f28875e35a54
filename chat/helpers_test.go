package chat_test

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is when the tests begin, in unix milliseconds.
var start = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()

// clock is a clock that a test sets.
type clock struct{ ms int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms) }
func (c *clock) advance(d time.Duration) { c.ms += d.Milliseconds() }
func (c *clock) set(year int) {
	c.ms = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// disk is a store whose free space a test sets, and that may do something
// between a view and its end.
type disk struct {
	chat.Store
	full  bool
	free  uint64 // 0: plenty
	after func() // called once, after the next view has read
	wrote func() // called once, after the next update was committed
	lie   error  // what an update that was committed says
}

func (d *disk) Update(fn func(chat.Tx) error) error {
	err := d.Store.Update(fn)
	if wrote := d.wrote; wrote != nil && err == nil {
		d.wrote = nil
		wrote()
	}
	return cmp.Or(err, d.lie)
}

func (d *disk) Free() (uint64, error) {
	if d.full {
		return chat.MinFree - 1, nil
	}
	return cmp.Or(d.free, 1<<40), nil
}

func (d *disk) View(fn func(chat.Reader) error) error {
	err := d.Store.View(fn)
	if after := d.after; after != nil {
		d.after = nil
		after()
	}
	return err
}

// node is one person's Service with what lies under it.
type node struct {
	*chat.Service
	disk  *disk
	clock *clock
	key   ed25519.PrivateKey
}

// newNode makes an account of that name with one device. Ten milliseconds pass
// at every node with each action of a test.
func newNode(t testing.TB, name string) *node {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{start}
	store, err := storage.Open(filepath.Join(t.TempDir(), "store"), storage.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	n := &node{disk: &disk{Store: store}, clock: c, key: key}
	if err := chat.Create(n.disk, key, name, c.now()); err != nil {
		t.Fatal(err)
	}
	n.restart(t)
	return n
}

// restart forgets all that is not on disk.
func (n *node) restart(t testing.TB) {
	t.Helper()
	s, err := chat.New(n.disk, chat.Options{Now: n.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	n.Service = s
}

func (n *node) link(t testing.TB) wire.Link {
	t.Helper()
	l, err := n.Link(nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// list is the node's signed device list.
func (n *node) list(t testing.TB) (signed []byte) {
	t.Helper()
	c, err := n.Credential(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.List
}

// contact is what the node has on disk of another.
func (n *node) contact(t testing.TB, a wire.Account) (c chat.Contact) {
	t.Helper()
	n.view(t, func(r chat.Reader) (err error) {
		if c, err = r.Contact(a); errors.Is(err, chat.ErrNotFound) {
			return nil
		}
		return err
	})
	return c
}

func (n *node) view(t testing.TB, fn func(chat.Reader) error) {
	t.Helper()
	if err := n.disk.View(fn); err != nil {
		t.Fatal(err)
	}
}

func (n *node) relation(t testing.TB, other *node) chat.Relation {
	t.Helper()
	c := n.contact(t, other.Account())
	return c.Relation()
}

func (n *node) ask(t testing.TB, other *node) {
	t.Helper()
	n.clock.advance(10 * time.Millisecond)
	if _, _, err := n.Ask(other.link(t), chat.AskOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (n *node) send(t testing.TB, to *node, text string) chat.Message {
	t.Helper()
	n.clock.advance(10 * time.Millisecond)
	m, err := n.Send(to.Account(), text, chat.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (n *node) message(t testing.TB, id wire.MessageID) chat.Message {
	t.Helper()
	m, err := n.Message(id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (n *node) history(t testing.TB, with *node) []chat.Message {
	t.Helper()
	list, err := n.History(with.Account(), chat.HistoryOptions{N: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (n *node) texts(t testing.TB, with *node) (list []string) {
	t.Helper()
	for _, m := range n.history(t, with) {
		list = append(list, m.Text)
	}
	return list
}

func (n *node) unread(t testing.TB, with *node) uint64 {
	t.Helper()
	c, err := n.Contact(with.Account())
	if err != nil {
		t.Fatal(err)
	}
	return c.Unread
}

// event returns what the node's disk has at a position of a log.
func (n *node) event(t testing.TB, l wire.Log, seq uint64) (e chat.Event) {
	t.Helper()
	n.view(t, func(r chat.Reader) (err error) {
		e, err = r.Event(l, seq)
		return err
	})
	return e
}

func (n *node) logTo(other *node) wire.Log {
	return wire.Log{Conv: wire.DirectConv(n.Account(), other.Account()), Account: n.Account(), Device: n.Device()}
}

func (n *node) head(t testing.TB, l wire.Log) (st chat.LogState) {
	t.Helper()
	n.view(t, func(r chat.Reader) (err error) {
		st, err = r.Log(l)
		return err
	})
	return st
}

// pair makes contacts of two new nodes, Ann and Ben.
func pair(t testing.TB) (ann, ben *node, p *pipe) {
	t.Helper()
	ann, ben = newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	open(t, ann, ben).exchange(t)
	if _, _, err := ben.Accept(ann.Account(), ""); err != nil {
		t.Fatal(err)
	}
	p = open(t, ann, ben)
	p.exchange(t)
	if a, b := ann.relation(t, ben), ben.relation(t, ann); a != chat.Accepted || b != chat.Accepted {
		t.Fatalf("they are %s and %s", a, b)
	}
	return ann, ben, p
}

func wantCode(t testing.TB, err error, code chat.Code) {
	t.Helper()
	if !errors.Is(err, &chat.Error{Code: code}) {
		t.Errorf("the error is %v, not of code %s", err, code)
	}
}

func wantTexts(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the history is %q, not %q", got, want)
	}
}
