package node_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start opens a node on loopback, with the home that dir names.
func start(t testing.TB, dir, name string, change ...func(*node.Config)) *node.Node {
	t.Helper()
	cfg := node.Config{
		Home: dir, Name: name, NoMDNS: true,
		Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"},
	}
	if testing.Verbose() && os.Getenv("TRUCE_LOG") != "" {
		cfg.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})).With("node", name)
	}
	for _, c := range change {
		c(&cfg)
	}
	n, err := node.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("cannot open the node of %s: %v", name, err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// eventually waits until ok holds, looking at every change of n.
func eventually(t testing.TB, n *node.Node, what string, ok func() bool) {
	t.Helper()
	within(t, n, time.Minute, what, ok)
}

func within(t testing.TB, n *node.Node, patience time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	since := n.Chat().Cursor()
	if ok() {
		return
	}
	for _, err := range n.Chat().Watch(ctx, since) {
		if err != nil {
			t.Fatal(err)
		}
		if ok() {
			return
		}
	}
	if !ok() {
		t.Fatalf("it did not happen in time: %s", what)
	}
}

func link(t testing.TB, n *node.Node) wire.Link {
	t.Helper()
	l, err := n.Chat().Link(n.Addrs())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func relation(n *node.Node, a wire.Account) chat.Relation {
	c, _ := n.Chat().Contact(a)
	return c.Relation
}

// befriend makes contacts of two running nodes: a asks, b accepts.
func befriend(t testing.TB, a, b *node.Node) {
	t.Helper()
	if _, _, err := a.Chat().Ask(link(t, b), chat.AskOptions{Note: "it is me"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, b, "the request arrives", func() bool {
		r, _ := b.Chat().Requests()
		return len(r) == 1
	})
	if _, _, err := b.Chat().Accept(a.Chat().Account(), ""); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ n, other *node.Node }{{a, b}, {b, a}} {
		eventually(t, x.n, "they are contacts", func() bool {
			return relation(x.n, x.other.Chat().Account()) == chat.Accepted
		})
	}
}

func send(t testing.TB, from, to *node.Node, text string) chat.Message {
	t.Helper()
	m, err := from.Chat().Send(to.Chat().Account(), text, chat.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func state(t testing.TB, n *node.Node, id wire.MessageID) chat.State {
	t.Helper()
	m, err := n.Chat().Message(id)
	if err != nil {
		return ""
	}
	return m.State
}

func texts(t testing.TB, n, other *node.Node) (list []string) {
	t.Helper()
	h, err := n.Chat().History(other.Chat().Account(), chat.HistoryOptions{N: 100000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range h {
		if m.Notice == "" {
			list = append(list, m.Text)
		}
	}
	return list
}

func TestTwoPeopleTalk(t *testing.T) {
	ann := start(t, filepath.Join(t.TempDir(), "ann"), "Ann")
	ben := start(t, filepath.Join(t.TempDir(), "ben"), "Ben")
	befriend(t, ann, ben)

	hello := send(t, ann, ben, "hello Ben")
	eventually(t, ann, "delivered", func() bool { return state(t, ann, hello.ID) == chat.Delivered })
	if got := state(t, ben, hello.ID); got != chat.Received {
		t.Errorf("at Ben it is %q", got)
	}
	if _, err := ben.Chat().MarkRead(ann.Chat().Account(), wire.MessageID{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, ann, "read", func() bool { return state(t, ann, hello.ID) == chat.Read })

	for i := range 200 {
		send(t, ann, ben, fmt.Sprintf("from Ann %d", i))
		send(t, ben, ann, fmt.Sprintf("from Ben %d", i))
	}
	for _, x := range []struct{ n, other *node.Node }{{ann, ben}, {ben, ann}} {
		eventually(t, x.n, "everything is delivered and here", func() bool {
			out, _ := x.n.Chat().Outbox()
			return len(out) == 0 && len(texts(t, x.n, x.other)) == 401
		})
	}
	a, b := texts(t, ann, ben), texts(t, ben, ann)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("the histories differ at %d: %q and %q", i, a[i], b[i])
		}
	}
}
