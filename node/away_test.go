package node_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// numbered sends texts that end in the numbers from, from+1 … to-1.
func numbered(t testing.TB, from, to *node.Node, begin, end int) {
	t.Helper()
	for i := begin; i < end; i++ {
		send(t, from, to, fmt.Sprintf("number %d", i))
	}
}

// inOrder waits until everything n sent is delivered and the other has n texts,
// and checks that each is there once and in order.
func inOrder(t testing.TB, from, to *node.Node, want int) {
	t.Helper()
	eventually(t, from, "all is delivered", func() bool {
		out, err := from.Chat().Outbox()
		return err == nil && len(out) == 0
	})
	got := texts(t, to, from)
	var all []string
	for i := range want {
		all = append(all, fmt.Sprintf("number %d", i))
	}
	if !slices.Equal(got, all) {
		t.Errorf("there are %d of %d messages: %q", len(got), want, got)
	}
}

func friends(t testing.TB) (ann, ben *person, a, b *node.Node) {
	t.Helper()
	ann, ben = newPerson(t, "Ann"), newPerson(t, "Ben")
	a, b = ann.start(t), ben.start(t)
	befriend(t, a, b)
	return ann, ben, a, b
}

func TestSentWhileNobodyIsLinked(t *testing.T) {
	ann, ben, a, b := friends(t)
	b.Close()
	numbered(t, a, b, 0, 20)
	a.Close()
	a = ann.start(t, offline)
	numbered(t, a, b, 20, 40)
	a.Close()
	a = ann.start(t)
	numbered(t, a, b, 40, 60)
	b = ben.start(t)
	inOrder(t, a, b, 60)
}

// The recipient is away while the sender restarts, and comes back at another
// address, from where it goes to the sender's.
func TestRecipientMovesWhileSenderRestarts(t *testing.T) {
	ann, ben, a, b := friends(t)
	b.Close()
	numbered(t, a, b, 0, 10)
	a.Close()
	a = ann.start(t)
	numbered(t, a, b, 10, 20)
	ben.move(t)
	b = ben.start(t)
	inOrder(t, a, b, 20)

	// Now the new address is known: the sender finds it by itself.
	a.Close()
	ann.move(t)
	a = ann.start(t)
	numbered(t, a, b, 20, 30)
	inOrder(t, a, b, 30)
}

// Both move at once: neither knows where the other is, but for what the user
// says.
func TestBothMove(t *testing.T) {
	ann, ben, a, b := friends(t)
	numbered(t, a, b, 0, 5)
	inOrder(t, a, b, 5)
	a.Close()
	b.Close()
	ann.move(t)
	ben.move(t)
	b = ben.start(t)
	a = ann.start(t, func(c *node.Config) { c.Peers = b.Addrs()[:1] })
	numbered(t, a, b, 5, 10)
	inOrder(t, a, b, 10)
}

func TestReadReceiptsOff(t *testing.T) {
	_, _, a, b := friends(t)
	if err := b.Chat().SetSetting(chat.ReadReceipts, "false"); err != nil {
		t.Fatal(err)
	}
	read := func(m chat.Message) {
		t.Helper()
		eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
		if _, err := b.Chat().MarkRead(a.Chat().Account(), m.ID); err != nil {
			t.Fatal(err)
		}
	}
	secret := send(t, a, b, "number 0")
	read(secret)
	// Whatever Ben had to say of it comes before his answer.
	answer := send(t, b, a, "an answer")
	eventually(t, a, "the answer", func() bool { return state(t, a, answer.ID) == chat.Received })
	if got := state(t, a, secret.ID); got != chat.Delivered {
		t.Errorf("with receipts off the message is %q at its sender", got)
	}
	if err := b.Chat().SetSetting(chat.ReadReceipts, "true"); err != nil {
		t.Fatal(err)
	}
	open := send(t, a, b, "number 1")
	read(open)
	eventually(t, a, "read", func() bool { return state(t, a, open.ID) == chat.Read })
}

func TestPeers(t *testing.T) {
	_, _, a, b := friends(t)
	m := send(t, a, b, "number 0")
	eventually(t, a, "delivered", func() bool { return state(t, a, m.ID) == chat.Delivered })
	list := a.Peers()
	i := slices.IndexFunc(list, func(p node.PeerInfo) bool { return p.Account == b.Chat().Account() })
	if i < 0 {
		t.Fatalf("no connection is Ben's: %+v", list)
	}
	p := list[i]
	if p.PeerID != b.PeerID() || p.Name != "Ben" || p.Via != "direct" || p.Transport == "" || p.Addr == "" || p.RTT <= 0 {
		t.Errorf("it is shown as %+v", p)
	}
}
