package node_test

import (
	"slices"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// Ben loses his box and restores the account from the 24 words in an empty
// home: a new device of which Ann knows nothing, and whose vector is empty. She
// sends her log from its beginning, and what he wrote himself comes back with
// it; no tick goes back, and none is false.
func TestNewDeviceFromPhrase(t *testing.T) {
	virtually(t, func(t *testing.T, net *nodetest.Network, _, ben *virtual, a, b *node.Node) {
		var before []chat.Message
		for _, text := range []string{"one", "two", "three"} {
			before = append(before, send(t, a, b, text))
		}
		mine := send(t, b, a, "from Ben")
		agree(t, a, b, "one", "two", "three", "from Ben")
		if _, err := b.Chat().MarkRead(a.Chat().Account(), before[1].ID); err != nil {
			t.Fatal(err)
		}
		eventually(t, a, "two are read", func() bool { return state(t, a, before[1].ID) == chat.Read })
		phrase := words(t, ben.home, "")
		b.Close()
		waiting := send(t, a, b, "while he has none")

		seed, _, err := node.ParsePhrase(phrase)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // lists are numbered by the second
		again := newVirtual(t, net, "Ben", "1.0.0.3")
		c := again.start(t, func(c *node.Config) { c.Seed = &seed })
		if c.Chat().Account() != b.Chat().Account() || c.Chat().Device() == b.Chat().Device() {
			t.Fatal("it is not a new device of the account")
		}
		ask(t, c, link(t, a))
		eventually(t, c, "they are contacts", func() bool { return relation(c, a.Chat().Account()) == chat.Accepted })
		eventually(t, a, "delivered", func() bool { return state(t, a, waiting.ID) == chat.Delivered })
		want := []string{"from Ben", "one", "three", "two", "while he has none"}
		eventually(t, c, "all is here", func() bool {
			got := texts(t, c, a)
			slices.Sort(got)

			return slices.Equal(got, want)
		})
		for i, s := range []chat.State{chat.Read, chat.Read, chat.Delivered} {
			if got := state(t, a, before[i].ID); got != s {
				t.Errorf("message %d is %q", i, got)
			}
		}
		if got := state(t, c, mine.ID); got != chat.Delivered {
			t.Errorf("what came back of Ben's own is %q", got)
		}
		reply := send(t, c, a, "from the new device")
		eventually(t, c, "delivered", func() bool { return state(t, c, reply.ID) == chat.Delivered })
		if got := len(texts(t, a, c)); got != len(want)+1 {
			t.Errorf("Ann has %d messages", got)
		}
	})
}
