package node_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// A node that hid, or took another identity while it may be reached by relays, listens
// where it was told to, and nowhere else.
func TestListensWhereItIsTold(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, func(c *node.Config) { c.DHT = &node.DHT{NoEntry: true} })
	want := func(what string) {
		t.Helper()
		if err := a.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		var where []string
		for _, l := range ann.listen() {
			where = append(where, fmt.Sprintf("%s/p2p/%s", l, a.PeerID()))
		}
		slices.Sort(where)
		if got := slices.Sorted(slices.Values(a.Addrs())); !slices.Equal(got, where) {
			t.Errorf("%s: it listens at %v, want %v", what, got, where)
		}
	}
	want("at first")
	for _, hides := range []string{"true", "false"} {
		if err := a.Chat().SetSetting(chat.Hide, hides); err != nil {
			t.Fatal(err)
		}
		if err := a.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want("after hiding")
	if err := a.Chat().ResetLink(""); err != nil {
		t.Fatal(err)
	}
	want("under another identity")
}
