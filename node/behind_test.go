package node_test

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
)

// sendMany sends n messages, many at a time, for a commit costs more than one.
func sendMany(t testing.TB, from, to *node.Node, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for range (n + senders - 1 - i) / senders {
				if _, err := from.Chat().Send(to.Chat().Account(), text100, chat.SendOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// behind makes contacts of two people, of whom one was away while the other
// sent n messages, and who comes back by meet. last is the last of them.
func behind(t testing.TB, n int) (from *node.Node, last wire.MessageID, meet func() *node.Node) {
	t.Helper()
	tcp := func(c *node.Config) { c.Listen = []string{loopbackTCP} }
	home := filepath.Join(t.TempDir(), "to")
	from = start(t, filepath.Join(t.TempDir(), "from"), "From", tcp)
	to := start(t, home, "To", tcp)
	befriend(t, from, to)
	to.Close()
	sendMany(t, from, to, n-1)
	last = send(t, from, to, text100).ID
	return from, last, func() *node.Node { return start(t, home, "To", tcp) }
}

// Somebody is back after thousands of messages, and gets them all, in order and
// ticked, while a third contact is served at once and memory stays flat.
// TRUCE_BEHIND sets how many; 100,000 take half a minute.
func TestBackAfterMany(t *testing.T) {
	n := int(number("TRUCE_BEHIND", 4000))
	from, last, meet := behind(t, n)
	third := start(t, filepath.Join(t.TempDir(), "third"), "Third")
	befriend(t, from, third)
	before := heapNow()
	began := time.Now()
	to := meet()

	most, looks := before, 0
	var slowest time.Duration
	within(t, from, 5*time.Minute, "the last is delivered", func() bool {
		if looks++; looks%8 == 0 {
			sent := time.Now()
			m := send(t, from, third, "meanwhile")
			if _, err := from.Chat().WaitDelivered(t.Context(), m.ID); err != nil {
				t.Error(err)
			}
			slowest = max(slowest, time.Since(sent))
		}
		if looks%8 == 4 {
			most = max(most, heapNow())
		}
		return state(t, from, last) == chat.Delivered
	})
	t.Logf("%d messages in %v; to the third at most %v; the heap grew by %d KiB", n, time.Since(began), slowest, (most-before)>>10)
	if most > before+32<<20 { // of both nodes
		t.Errorf("the heap has grown from %d to %d KiB", before>>10, most>>10)
	}
	if out, err := from.Chat().Outbox(); err != nil || len(out) > 0 {
		t.Errorf("%d are not ticked, %v", len(out), err)
	}
	if sent, got := ids(t, from, to), ids(t, to, from); len(sent) != n || !slices.Equal(sent, got) {
		t.Errorf("of %d messages %d came, or not in order", len(sent), len(got))
	}
}

// ids returns the messages of a conversation in the order of its history.
func ids(t testing.TB, n, other *node.Node) (list []wire.MessageID) {
	t.Helper()
	h, err := n.Chat().History(other.Chat().Account(), chat.HistoryOptions{N: 200000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range h {
		list = append(list, m.ID)
	}
	return list
}

// BenchmarkRepair has somebody come back after b.N messages, until the last of
// them is ticked.
func BenchmarkRepair(b *testing.B) {
	b.Run("truce", func(b *testing.B) {
		from, last, meet := behind(b, b.N)
		b.ResetTimer()
		meet()
		if _, err := from.Chat().WaitDelivered(b.Context(), last); err != nil {
			b.Fatal(err)
		}
		perSecond(b)
	})
	// A bare commit of as many rows as one page has messages, for each page.
	b.Run("baseline", func(b *testing.B) {
		const page = 180
		r := newRows(b)
		b.ResetTimer()
		for left := b.N; left > 0; left -= page {
			if err := r.commit(min(left, page)); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
}
