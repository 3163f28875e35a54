package chat_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func (n *node) remove(t testing.TB, other *node) (notice string) {
	t.Helper()
	n.clock.advance(10 * time.Millisecond)
	_, notice, err := n.Remove(other.Account())
	if err != nil {
		t.Fatal(err)
	}
	return notice
}

func (n *node) block(t testing.TB, other *node) (notice string) {
	t.Helper()
	_, notice, err := n.Block(other.Account())
	if err != nil {
		t.Fatal(err)
	}
	return notice
}

func (n *node) unblock(t testing.TB, other *node) (notice string) {
	t.Helper()
	_, notice, err := n.Unblock(other.Account())
	if err != nil {
		t.Fatal(err)
	}
	return notice
}

func (n *node) seed(t testing.TB) [32]byte {
	t.Helper()
	seed, err := n.TransportSeed()
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// befriend makes contacts of two nodes.
func befriend(t testing.TB, a, b *node) {
	t.Helper()
	a.ask(t, b)
	open(t, a, b).exchange(t)
	if _, _, err := b.Accept(a.Account(), ""); err != nil {
		t.Fatal(err)
	}
	open(t, a, b).exchange(t)
}

// canMeet tells whether either finds the other, and whether a does by dialling.
func canMeet(t testing.TB, a, b *node) (aDials, bDials bool) {
	t.Helper()
	_, _, aDials = meet(t, a, b)
	_, _, bDials = meet(t, b, a)
	return aDials, bDials
}

// What a contact who is removed has not got fails, and its text is gone from
// the disk; what it has got stays. Adding it again delivers nothing old.
func TestRemoveGivesUpWhatWaits(t *testing.T) {
	did := func(_ chat.Message, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ann, ben, p := pair(t)
	one, two := ann.send(t, ben, "one"), ann.send(t, ben, "two")
	p.exchange(t)
	stale := ann.send(t, ben, "stale")
	did(ann.Edit(one.ID, "stale edit", ""))
	did(ann.React(one.ID, "👍", false, ""))
	did(ann.Delete(two.ID, ""))
	erased := ann.head(t, ann.logTo(ben))
	cursor := ann.Cursor()

	if notice := ann.remove(t, ben); notice != "" {
		t.Errorf("the notice is %q", notice)
	}
	if m := ann.message(t, stale.ID); m.State != chat.Failed || m.Why != "removed" || m.Text != "" {
		t.Errorf("what waited is %+v", m)
	}
	if m := ann.message(t, one.ID); m.State != chat.Delivered || m.Text != "one" || m.Edited || len(m.Reactions) > 0 {
		t.Errorf("what was delivered is %+v", m)
	}
	for seq := range erased.Head {
		e := ann.event(t, erased.Log, seq+1)
		if bytes.Contains(e.Wire.Body, []byte("stale")) || bytes.Contains(e.Wire.Body, []byte("👍")) {
			t.Errorf("the disk still has %q", e.Wire.Body)
		}
	}
	if out, err := ann.Outbox(); err != nil || len(out) > 0 {
		t.Errorf("the outbox has %v, %v", out, err)
	}
	if list, err := ann.Contacts(); err != nil || len(list) > 0 {
		t.Errorf("the contacts are %v, %v", list, err)
	}
	if !saw(t, ann, cursor, stale.ID, chat.Failed) {
		t.Error("nobody was told that the message failed")
	}
	_, err := ann.Send(ben.Account(), "x", chat.SendOptions{})
	wantCode(t, err, chat.CodeRefused)
	if notice := ann.remove(t, ben); notice == "" {
		t.Error("to remove twice is told as if it were something")
	}

	p.exchange(t)
	if rel := ben.relation(t, ann); rel != chat.Declined {
		t.Errorf("Ben sees Ann as %s", rel)
	}
	if texts := ben.texts(t, ann); !slices.Equal(texts, []string{"one", "two"}) {
		t.Errorf("Ben has %q", texts)
	}

	ann.ask(t, ben)
	p = open(t, ann, ben)
	p.exchange(t)
	if rel := ann.relation(t, ben); rel != chat.Accepted {
		t.Fatalf("Ann sees Ben, who never refused, as %s", rel)
	}
	fresh := ann.send(t, ben, "fresh")
	p.exchange(t)
	if m := ann.message(t, fresh.ID); m.State != chat.Delivered {
		t.Errorf("a new message is %s", m.State)
	}
	if m := ann.message(t, stale.ID); m.State != chat.Failed {
		t.Errorf("the old one is %s now", m.State)
	}
	if texts := ben.texts(t, ann); !slices.Equal(texts, []string{"one", "", "fresh"}) {
		t.Errorf("Ben has %q", texts)
	}
}

// saw reports whether watching from the cursor shows the message in that state.
func saw(t *testing.T, n *node, cursor string, id wire.MessageID, state chat.State) bool {
	t.Helper()
	last := n.Cursor()
	for u, err := range n.Watch(t.Context(), cursor) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Message != nil && u.Message.ID == id && u.Message.State == state {
			return true
		}
		if u.Cursor == last {
			break
		}
	}
	return false
}

// Whoever was removed is a stranger at once, but for being told. After that
// neither has anything to find the other by, and other identities hide Ann.
func TestRemovedIsAStranger(t *testing.T) {
	ann, ben, _ := pair(t)
	eve := newNode(t, "Eve")
	befriend(t, ann, eve)
	before := ann.seed(t)
	ann.remove(t, ben)
	removed := ann.seed(t)
	if removed == before {
		t.Error("the transport key is the old one")
	}
	if aDials, bDials := canMeet(t, ann, ben); !aDials || bDials {
		t.Errorf("before he is told Ann can dial Ben: %v, he her: %v", aDials, bDials)
	}
	seeks, err := ann.Seeks()
	if err != nil || len(seeks) != 2 || !seeks[0].Quiet || seeks[1].Quiet {
		t.Errorf("Ann seeks %+v, %v", seeks, err)
	}
	if list, err := ann.Untold(); err != nil || !slices.Equal(list, []wire.Account{ben.Account()}) {
		t.Errorf("untold are %v, %v", list, err)
	}

	ann.restart(t)
	open(t, ann, ben).exchange(t)
	if rel := ben.relation(t, ann); rel != chat.Declined {
		t.Errorf("Ben sees Ann as %s", rel)
	}
	if aDials, bDials := canMeet(t, ann, ben); aDials || bDials {
		t.Errorf("once he is told Ann can dial Ben: %v, he her: %v", aDials, bDials)
	}
	if ann.seed(t) == removed {
		t.Error("the transport key is still that under which Ben was told")
	}
	if c := ann.contact(t, ben.Account()); c.Pair != nil || c.Mine.Share != [32]byte{} {
		t.Error("the secret with Ben is still there")
	}
	if list, err := ann.Untold(); err != nil || len(list) > 0 {
		t.Errorf("untold are %v, %v", list, err)
	}
	_, _, err = ann.Accept(ben.Account(), "")
	wantCode(t, err, chat.CodeNotFound) // nothing would ever reach him
	if aDials, bDials := canMeet(t, ann, eve); !aDials || !bDials {
		t.Error("another contact was disturbed")
	}

	ben.ask(t, ann) // by her link, which is not reset
	open(t, ben, ann).exchange(t)
	if rel := ann.relation(t, ben); rel != chat.Requested {
		t.Errorf("Ann sees Ben, who asks anew, as %s", rel)
	}
}

// Until a removed contact knows of it, adding it again goes on as before.
func TestAddedAgainBeforeToldOfRemoval(t *testing.T) {
	ann, ben, _ := pair(t)
	open(t, ann, ben)
	before := *ann.contact(t, ben.Account()).Pair
	ann.remove(t, ben)
	ann.ask(t, ben)
	if c := ann.contact(t, ben.Account()); c.Relation() != chat.Accepted || *c.Pair != before {
		t.Errorf("Ann sees Ben as %s, by another secret than he has", c.Relation())
	}
	if aDials, bDials := canMeet(t, ann, ben); !aDials || !bDials {
		t.Errorf("Ann can dial Ben: %v, he her: %v", aDials, bDials)
	}
	m := ann.send(t, ben, "on we go")
	open(t, ben, ann).exchange(t)
	if got := ann.message(t, m.ID).State; got != chat.Delivered {
		t.Errorf("a message is %s", got)
	}
}

// Who cannot be told for a month is not looked for any more.
func TestRemovalThatCannotBeTold(t *testing.T) {
	ann, ben, _ := pair(t)
	ann.remove(t, ben)
	for _, step := range []struct {
		after time.Duration
		told  bool
	}{{29 * 24 * time.Hour, true}, {2 * 24 * time.Hour, false}} {
		ann.clock.advance(step.after)
		if err := ann.ForgetRemoved(); err != nil {
			t.Fatal(err)
		}
		seeks, err := ann.Seeks()
		if aDials, _ := canMeet(t, ann, ben); aDials != step.told || len(seeks) > 0 != step.told || err != nil {
			t.Errorf("Ann can dial Ben: %v; she seeks %d, %v", aDials, len(seeks), err)
		}
	}
	if c := ann.contact(t, ben.Account()); c.Pair != nil {
		t.Error("the secret is kept")
	}
}

// A request that never left is taken back without a word.
func TestRemoveBeforeTheyHeard(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	m := ann.send(t, ben, "hello")
	ann.remove(t, ben)
	if got := ann.message(t, m.ID).State; got != chat.Failed {
		t.Errorf("the message is %s", got)
	}
	if seeks, err := ann.Seeks(); len(seeks) > 0 || err != nil {
		t.Errorf("Ann seeks %v, %v", seeks, err)
	}
	if _, _, ok := meet(t, ann, ben); ok {
		t.Error("Ann goes to say that she does not ask")
	}
}

func TestBlockIsSilent(t *testing.T) {
	ann, ben, p := pair(t)
	eve := newNode(t, "Eve")
	befriend(t, ann, eve)
	link, seed := ann.link(t), ann.seed(t)
	waits := ann.send(t, ben, "from Ann")
	ben.send(t, ann, "from Ben")
	if notice := ann.block(t, ben); notice != "" {
		t.Errorf("the notice is %q", notice)
	}
	if ann.link(t).Secret == link.Secret || ann.seed(t) == seed {
		t.Error("the link or the transport key is the old one")
	}
	if got := ann.message(t, waits.ID); got.State != chat.Queued || got.Why == "" {
		t.Errorf("what waits is %s because %q", got.State, got.Why)
	}
	blocked := ann.contact(t, ben.Account())
	if aDials, bDials := canMeet(t, ann, ben); aDials || bDials {
		t.Errorf("Ann can dial Ben: %v, he her: %v", aDials, bDials)
	}
	if aDials, bDials := canMeet(t, ann, eve); !aDials || !bDials {
		t.Error("another contact was disturbed")
	}
	if _, _, err := ann.StanceFor(ben.Account()); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("there is something to say to Ben: %v", err)
	}
	if err := p.dialler.admit(t); !errors.Is(err, chat.ErrStranger) {
		t.Errorf("his hello: %v", err)
	}
	wants := wire.Stance{Version: 1 << 50, Want: true, Share: [32]byte{1}}
	if err := ann.TakeStance(ben.Account(), p.dialler.proof, ben.list(t), "", wants); !errors.Is(err, chat.ErrStranger) {
		t.Errorf("his stance: %v", err)
	}
	if err := errors.Join(ann.LinkUp(ben.Account()), ann.LinkDown(ben.Account()), ann.Reached(ben.Account(), chat.Peer{ID: "x"})); err != nil {
		t.Fatal(err)
	}
	if now := ann.contact(t, ben.Account()); now.LastSeen != blocked.LastSeen || now.Theirs != blocked.Theirs {
		t.Errorf("what is known of Ben went on: %+v", now)
	}
	if peers, err := ann.Peers(ben.Account()); len(peers) > 0 || err != nil {
		t.Errorf("where Ben is was kept: %v, %v", peers, err)
	}
	list, err := ann.Contacts()
	if err != nil || !slices.ContainsFunc(list, func(c chat.ContactView) bool {
		return c.Account == ben.Account() && c.Relation == chat.Blocked
	}) {
		t.Errorf("the contacts are %v, %v", list, err)
	}
	_, _, err = ann.Remove(ben.Account())
	wantCode(t, err, chat.CodeRefused)
	if notice := ann.block(t, ben); notice == "" {
		t.Error("to block twice is told as if it were something")
	}

	if notice := ann.unblock(t, ben); notice != "" {
		t.Errorf("the notice is %q", notice)
	}
	if notice := ann.unblock(t, ben); notice == "" {
		t.Error("to unblock twice is told as if it were something")
	}
	open(t, ben, ann).exchange(t)
	if texts := ann.texts(t, ben); !slices.Contains(texts, "from Ben") {
		t.Errorf("Ann has %q", texts)
	}
	if got := ann.message(t, waits.ID).State; got != chat.Delivered {
		t.Errorf("her message is %s", got)
	}
}

func TestBlockARequest(t *testing.T) {
	ann := newNode(t, "Ann")
	ben := newNode(t, "Eve")
	befriend(t, ann, ben)
	eve := newStranger(t, ann)
	if err := eve.says(t, 1, true, false); err != nil {
		t.Fatal(err)
	}
	if notice := ann.block(t, eve.node); notice == "" {
		t.Error("nobody tells that a second Eve has another name")
	}
	if list, err := ann.Requests(); len(list) > 0 || err != nil {
		t.Errorf("there are the requests %v, %v", list, err)
	}
	if a, err := ann.Resolve("Eve"); err != nil || a != ben.Account() {
		t.Errorf("Eve is %v, %v", a, err)
	}
}

func TestTurnSomebodyUnknown(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	for name, do := range map[string]func(wire.Account) (chat.ContactView, string, error){
		"remove": ann.Remove, "block": ann.Block, "unblock": ann.Unblock,
	} {
		if _, _, err := do(ben.Account()); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A peer id that was replaced is not dialled for ever.
func TestReachedForgetsWhoWasReplaced(t *testing.T) {
	n := newNode(t, "Ann")
	for _, p := range []chat.Peer{
		{ID: "old", Addrs: []string{"/ip4/10.0.0.1/tcp/1"}},
		{ID: "elsewhere", Addrs: []string{"/ip4/10.0.0.2/tcp/1", "/ip4/10.0.0.1/tcp/1"}},
		{ID: "unknown place"},
		{ID: "new", Addrs: []string{"/ip4/10.0.0.3/tcp/1", "/ip4/10.0.0.1/tcp/1"}},
	} {
		if err := n.Reached(wire.Account{1}, p); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	list, err := n.Peers(wire.Account{1})
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	if want := []string{"new", "unknown place", "elsewhere"}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("known are %q, %v; want %q", ids, err, want)
	}
}
