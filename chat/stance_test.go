package chat_test

import (
	"errors"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// stranger is the other side of a relation, played by the test: it says any
// stance it likes.
type stranger struct {
	*node
	to      *node
	version uint64
}

func newStranger(t *testing.T, to *node) *stranger {
	return &stranger{node: newNode(t, "Eve"), to: to, version: 1000}
}

// says tells a stance; answers says whether it has heard the newest of the
// node's.
func (s *stranger) says(t *testing.T, version uint64, want, answers bool) error {
	t.Helper()
	st := wire.Stance{Type: wire.FrameStance, Version: version, Want: want, Name: "Eve"}
	if want {
		st.Share[0] = 7
	}
	if answers {
		st.Answers = s.mine(t).Version
	}
	s.version = max(s.version, version)
	return s.to.TakeStance(s.Account(), chat.Proof{Secret: wire.Secret(s.to.link(t).Secret)}, s.list(t), "", st)
}

func (s *stranger) mine(t *testing.T) chat.Stance { return s.to.contact(t, s.Account()).Mine }

// operations on the relation that the node n has with s.
var operations = map[string]func(t *testing.T, n *node, s *stranger) error{
	"ask": func(t *testing.T, n *node, s *stranger) error {
		_, _, err := n.Ask(s.link(t), chat.AskOptions{})
		return err
	},
	"accept": func(_ *testing.T, n *node, s *stranger) error {
		_, _, err := n.Accept(s.Account(), "")
		return err
	},
	"decline": func(_ *testing.T, n *node, s *stranger) error {
		_, err := n.Decline(s.Account())
		return err
	},
	"hear: want":             func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version+1, true, true) },
	"hear: no":               func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version+1, false, true) },
	"hear: want, older":      func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version-1, true, true) },
	"hear: no, older":        func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version-1, false, true) },
	"hear: want, the same":   func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version, true, true) },
	"hear: no, the same":     func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version, false, true) },
	"hear: want, unanswered": func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version+1, true, false) },
	"hear: no, unanswered":   func(t *testing.T, _ *node, s *stranger) error { return s.says(t, s.version+1, false, false) },
}

// outcome is what an operation leads to: the relation, or the error, with
// which nothing changes.
type outcome struct {
	relation chat.Relation
	err      error
}

// TestStances holds the relation against the states of RFC 6121, appendix A.
// There a subscription has a direction, here it has none: to want is to offer
// and to ask for both. So "To", "To + Pending In", "From" and "From + Pending
// Out", in which one side sees the other and is not seen, have no counterpart;
// "None + Pending Out+In" is "Both" at once; and a refusal, which XMPP forgets
// in "None", is remembered on both sides, so that it is told to a user only
// once and can still be turned into a yes.
func TestStances(t *testing.T) {
	unchanged := func(rel chat.Relation, more map[string]outcome) map[string]outcome {
		all := map[string]outcome{}
		for name := range operations {
			all[name] = outcome{rel, nil}
		}
		for name, out := range more {
			all[name] = out
		}
		return all
	}
	refused := outcome{err: chat.ErrNotFound}
	blocked := outcome{err: chat.ErrStranger}
	tests := []struct {
		rfc6121 string
		state   chat.Relation
		path    []string // operations that lead to the state
		next    map[string]outcome
	}{
		{"None", chat.Gone, nil, unchanged(chat.Gone, map[string]outcome{
			"ask": {relation: chat.Asked}, "accept": refused, "decline": refused,
			"hear: want": {relation: chat.Requested}, "hear: want, older": {relation: chat.Requested},
			"hear: want, the same": {relation: chat.Requested}, "hear: want, unanswered": {relation: chat.Requested},
		})},
		{"None + Pending Out", chat.Asked, []string{"ask"}, unchanged(chat.Asked, map[string]outcome{
			"accept": refused, "decline": refused,
			"hear: want": {relation: chat.Accepted}, "hear: want, older": {relation: chat.Accepted},
			"hear: want, the same": {relation: chat.Accepted}, "hear: want, unanswered": {relation: chat.Accepted},
			"hear: no": {relation: chat.Declined}, "hear: no, older": {relation: chat.Declined}, "hear: no, the same": {relation: chat.Declined},
		})},
		{"None + Pending Out, and they refused", chat.Declined, []string{"ask", "hear: no"}, unchanged(chat.Declined, map[string]outcome{
			"ask": {relation: chat.Asked}, "accept": refused, "decline": refused,
			"hear: want": {relation: chat.Accepted}, "hear: want, unanswered": {relation: chat.Accepted},
			"hear: no, unanswered": {relation: chat.Asked}, // they do not know of my request any more
		})},
		{"None + Pending In", chat.Requested, []string{"hear: want"}, unchanged(chat.Requested, map[string]outcome{
			"ask": {relation: chat.Accepted}, "accept": {relation: chat.Accepted}, "decline": {relation: chat.Gone},
			"hear: no": {relation: chat.Gone}, "hear: no, unanswered": {relation: chat.Gone},
		})},
		{"None + Pending In, and I refused", chat.Gone, []string{"hear: want", "decline"}, unchanged(chat.Gone, map[string]outcome{
			"ask": {relation: chat.Accepted}, "accept": {relation: chat.Accepted},
			"hear: want": {relation: chat.Requested}, "hear: want, unanswered": {relation: chat.Requested},
		})},
		{"None, after they took back their request", chat.Gone, []string{"hear: want", "hear: no"}, unchanged(chat.Gone, map[string]outcome{
			"ask": {relation: chat.Asked}, "accept": refused, "decline": refused,
			"hear: want": {relation: chat.Requested}, "hear: want, unanswered": {relation: chat.Requested},
		})},
		{"None + Pending Out+In, which is Both: requests that cross", chat.Accepted, []string{"ask", "hear: want, unanswered"}, unchanged(chat.Accepted, map[string]outcome{
			"decline":  refused,
			"hear: no": {relation: chat.Declined}, "hear: no, unanswered": {relation: chat.Asked},
		})},
		{"Both", chat.Accepted, []string{"hear: want", "accept"}, unchanged(chat.Accepted, map[string]outcome{
			"decline":  refused,
			"hear: no": {relation: chat.Declined}, "hear: no, unanswered": {relation: chat.Asked},
		})},
		{"blocked (XEP-0191)", chat.Blocked, []string{"hear: want", "block"}, unchanged(chat.Blocked, map[string]outcome{
			"ask": {err: chat.ErrRefused}, "accept": {err: chat.ErrRefused}, "decline": refused,
			"hear: want": blocked, "hear: no": blocked, "hear: want, older": blocked, "hear: no, older": blocked,
			"hear: want, the same": blocked, "hear: no, the same": blocked,
			"hear: want, unanswered": blocked, "hear: no, unanswered": blocked,
		})},
	}
	for _, test := range tests {
		for name, want := range test.next {
			t.Run(test.rfc6121+"/"+name, func(t *testing.T) {
				n := newNode(t, "Ann")
				s := newStranger(t, n)
				for _, op := range test.path {
					if op == "block" {
						block(t, n, s.node)
					} else if err := operations[op](t, n, s); err != nil {
						t.Fatal(err)
					}
				}
				if rel := n.relation(t, s.node); rel != test.state {
					t.Fatalf("before, they are %s", rel)
				}
				n.clock.ms -= 3_600_000 // versions rise whatever the clock does
				before := n.contact(t, s.Account())
				err := operations[name](t, n, s)
				after := n.contact(t, s.Account())
				if !errors.Is(err, want.err) || (err == nil) != (want.err == nil) {
					t.Errorf("the error is %v, not %v", err, want.err)
				}
				if err != nil {
					want.relation = test.state
				}
				if rel := after.Relation(); rel != want.relation {
					t.Errorf("they are %s, not %s", rel, want.relation)
				}
				if after.Mine != before.Mine && after.Mine.Version <= before.Mine.Version {
					t.Errorf("my stance changed and went from version %d to %d", before.Mine.Version, after.Mine.Version)
				}
				if after.Theirs != before.Theirs && after.Theirs.Version <= before.Theirs.Version {
					t.Errorf("theirs changed and went from version %d to %d", before.Theirs.Version, after.Theirs.Version)
				}
			})
		}
	}
}

// block does what no method does yet.
func block(t testing.TB, n, other *node) {
	t.Helper()
	if err := n.disk.Update(func(tx chat.Tx) error {
		c, err := tx.Contact(other.Account())
		c.Blocked = true
		if err != nil {
			return err
		}
		return tx.PutContact(c)
	}); err != nil {
		t.Fatal(err)
	}
	n.restart(t)
}

func TestBlockedIsAStranger(t *testing.T) {
	ann, ben, _ := pair(t)
	block(t, ann, ben)
	if _, _, ok := meet(t, ben, ann); ok {
		t.Error("a blocked contact is still answered")
	}
	if talks, err := ann.Talks(ben.Account()); talks || err != nil {
		t.Errorf("they talk: %v, %v", talks, err)
	}
	if list, err := ann.Seeks(); len(list) != 0 || err != nil {
		t.Errorf("Ann seeks %d, %v", len(list), err)
	}
	_, err := ann.Send(ben.Account(), "x", chat.SendOptions{})
	wantCode(t, err, chat.CodeRefused)
	ben.send(t, ann, "are you there?")
	push := side{node: ben}
	if _, err := ann.TakePushes(ben.Account(), []*wire.Push{new(push.nextPush(t, ben.logTo(ann), 1000))}); !errors.Is(err, chat.ErrProtocol) {
		t.Errorf("the push of a blocked contact: %v", err)
	}
}

func TestStanceIsToldUntilAcknowledged(t *testing.T) {
	n := newNode(t, "Ann")
	s := newStranger(t, n)
	if _, _, err := n.StanceFor(s.Account()); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("the stance towards somebody unknown: %v", err)
	}
	n.ask(t, s.node)
	st, acked, err := n.StanceFor(s.Account())
	if err != nil || acked || !st.Want || st.Name != "Ann" {
		t.Fatalf("%+v, acknowledged %v, %v", st, acked, err)
	}
	for _, x := range []struct {
		version uint64
		acked   bool
	}{{st.Version + 1, false}, {st.Version - 1, false}, {st.Version, true}, {1, true}} {
		if err := n.StanceAcked(s.Account(), x.version); err != nil {
			t.Fatal(err)
		}
		if _, acked, _ := n.StanceFor(s.Account()); acked != x.acked {
			t.Errorf("after version %d was acknowledged, of %d, it counts as told: %v", x.version, st.Version, acked)
		}
	}
}

// Unread messages survive a newer stance.
func TestStanceLeavesTheConversationAlone(t *testing.T) {
	ann, ben, p := pair(t)
	ann.send(t, ben, "unread")
	p.exchange(t)
	st := ben.contact(t, ann.Account()).Theirs
	err := ben.TakeStance(ann.Account(), p.listener.proof, ann.list(t), "", wire.Stance{Version: st.Version + 1, Answers: st.Answers, Want: true, Share: st.Share})
	if err != nil {
		t.Fatal(err)
	}
	if n := ben.unread(t, ann); n != 1 {
		t.Errorf("%d are unread", n)
	}
}
