package chat_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// duel is two nodes whose user, network and power supply do what they like.
type duel struct {
	t      *testing.T
	rnd    *rand.Rand
	nodes  [2]*node
	links  [2][]wire.Link // of each node, all that the other was ever given
	pipe   *pipe          // nil: no session
	wires  [2][]any       // what is on its way to each node
	asks   [2]bool        // node i asks
	remove bool           // they remove each other, and may be strangers after that
	heard  [2]bool        // node i knows of the other's wish, by a secret that the other knows too
	log    []string
}

func newDuel(t *testing.T, seed uint64) *duel {
	d := &duel{
		t: t, rnd: rand.New(rand.NewPCG(seed, 7)),
		nodes:  [2]*node{newNode(t, "Ann"), newNode(t, "Ben")},
		asks:   [2]bool{seed%3 != 1, seed%3 != 2},
		remove: seed%4 == 3,
	}
	for i, n := range d.nodes {
		d.links[i] = []wire.Link{n.link(t)}
	}
	return d
}

func (d *duel) side(i int) *side {
	if d.pipe.dialler.node == d.nodes[i] {
		return d.pipe.dialler
	}
	return d.pipe.listener
}

// step does one thing at random.
func (d *duel) step() {
	i := d.rnd.IntN(2)
	me, other := d.nodes[i], d.nodes[1-i]
	me.clock.ms += d.rnd.Int64N(7) - 3 // clocks jump back, too
	switch k := d.rnd.IntN(20); {
	case k < 3 && d.asks[i]:
		links := d.links[1-i]
		_, _, err := me.Ask(links[d.rnd.IntN(len(links))], chat.AskOptions{Note: fmt.Sprint(d.rnd.IntN(2))})
		d.note(i, "asks", err)
	case k == 3:
		_, _, err := me.Accept(other.Account(), "")
		d.note(i, "accepts", err)
	case k == 4:
		_, err := me.Decline(other.Account())
		d.note(i, "declines", err)
	case k == 5:
		d.note(i, "resets its link", me.ResetLink(""))
	case k == 6:
		d.links[i] = append(d.links[i], me.link(d.t))
		d.note(i, "hands out its link", nil)
	case k == 7 && d.remove && d.rnd.IntN(2) == 0:
		_, _, err := me.Remove(other.Account())
		d.note(i, "removes", err)
	case k == 7:
		me.restart(d.t)
		d.hangUp()
		d.note(i, "crashes", nil)
	case k < 10 && (d.pipe == nil || k == 8 || k == 9):
		d.dial(i)
	case k < 14:
		d.tell(i)
	default:
		d.deliver(i)
	}
}

func (d *duel) note(i int, what string, err error) {
	d.log = append(d.log, fmt.Sprintf("%s %s: %v", d.nodes[i].Name(), what, err))
}

func (d *duel) hangUp() { d.pipe, d.wires = nil, [2][]any{} }

// dial opens a session; the power may fail between the two admissions.
func (d *duel) dial(i int) {
	d.hangUp()
	a, b := d.nodes[i], d.nodes[1-i]
	pa, pb, ok := meet(d.t, a, b)
	if !ok {
		return
	}
	dialler, listener := &side{node: a, peer: b, proof: pa}, &side{node: b, peer: a, proof: pb}
	if err := dialler.admit(d.t); err != nil {
		d.t.Fatal(err)
	}
	if d.rnd.IntN(4) == 0 {
		return
	}
	if err := listener.admit(d.t); err != nil {
		d.t.Fatal(err)
	}
	d.pipe = &pipe{dialler, listener}
	d.note(i, "dials", nil)
}

// tell puts node i's stance on the wire, as a session does while it is not
// acknowledged.
func (d *duel) tell(i int) {
	if d.pipe == nil {
		return
	}
	if st, acked, err := d.nodes[i].StanceFor(d.nodes[1-i].Account()); err == nil && !acked {
		d.wires[1-i] = append(d.wires[1-i], st)
		d.note(i, "tells its stance", nil)
	}
}

// deliver hands node i the next frame that is on its way to it.
func (d *duel) deliver(i int) {
	if d.pipe == nil || len(d.wires[i]) == 0 {
		return
	}
	f := d.wires[i][0]
	d.wires[i] = d.wires[i][1:]
	me, other := d.side(i), d.nodes[1-i]
	var err error
	switch f := f.(type) {
	case wire.Stance:
		err = me.TakeStance(other.Account(), me.proof, other.list(d.t), "", f)
		d.wires[1-i] = append(d.wires[1-i], f.Version)
		if f.Want && me.proof.Account == (wire.Account{}) {
			d.heard[i] = true
		}
	case uint64:
		err = me.StanceAcked(other.Account(), f)
	}
	d.note(i, fmt.Sprintf("hears %T", f), err)
	if err != nil {
		d.fail("hearing: %v", err)
	}
}

// check asserts what must hold after every step: who heard the other's request
// by a link can be met for good, whatever became of the links.
func (d *duel) check() {
	a, b := d.nodes[0], d.nodes[1]
	if d.remove || !d.heard[0] && !d.heard[1] {
		return
	}
	for _, x := range [][2]*node{{a, b}, {b, a}} {
		if _, _, ok := meet(d.t, x[0], x[1]); !ok {
			d.fail("%s cannot reach %s any more", x[0].Name(), x[1].Name())
		}
	}
}

// settle lets everything arrive, and checks that both then see the same.
func (d *duel) settle() {
	a, b := d.nodes[0], d.nodes[1]
	_, _, ok := meet(d.t, a, b)
	if _, _, or := meet(d.t, b, a); !ok && !or {
		return
	}
	open(d.t, a, b).exchange(d.t)
	ca, cb := a.contact(d.t, b.Account()), b.contact(d.t, a.Account())
	ra, rb := ca.Relation(), cb.Relation()
	if !agree[[2]chat.Relation{ra, rb}] && !agree[[2]chat.Relation{rb, ra}] {
		d.fail("they end as %s and %s", ra, rb)
	}
	if ra == chat.Accepted && *ca.Pair != *cb.Pair {
		d.fail("their pair secrets differ")
	}
	for _, x := range []struct {
		name         string
		mine, theirs chat.Stance
	}{{"Ann", ca.Mine, cb.Theirs}, {"Ben", cb.Mine, ca.Theirs}} {
		if x.mine.Version != x.theirs.Version || x.mine.Want != x.theirs.Want || x.mine.Want && x.mine.Share != x.theirs.Share {
			d.fail("the stance of %s did not arrive", x.name)
		}
	}
}

// agree lists the relations that two who have heard everything can be in.
var agree = map[[2]chat.Relation]bool{
	{chat.Accepted, chat.Accepted}: true,
	{chat.Asked, chat.Requested}:   true,
	{chat.Declined, chat.Gone}:     true,
	{chat.Gone, chat.Gone}:         true,
}

func (d *duel) fail(format string, args ...any) {
	d.t.Helper()
	for _, line := range d.log {
		d.t.Log(line)
	}
	d.t.Fatalf(format, args...)
}

// TestTwoWhoMetCanAlwaysMeetAgain runs random histories of requests, answers,
// resets, crashes and lost frames (rules 7 and 8).
func TestTwoWhoMetCanAlwaysMeetAgain(t *testing.T) {
	const runs, steps = 340, 100
	ends := map[chat.Relation]int{}
	for seed := range uint64(runs) {
		d := newDuel(t, seed)
		for range steps {
			d.step()
			d.check()
		}
		d.settle()
		ends[d.nodes[0].relation(t, d.nodes[1])]++
		ends[d.nodes[1].relation(t, d.nodes[0])]++
	}
	for _, rel := range []chat.Relation{chat.Accepted, chat.Asked, chat.Requested, chat.Declined, chat.Gone} {
		if ends[rel] == 0 {
			t.Errorf("no run ended as %s: %v", rel, ends)
		}
	}
}

func TestPendingRequestOutlivesReset(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	open(t, ann, ben).exchange(t)
	if err := ben.ResetLink(""); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ben.Accept(ann.Account(), ""); err != nil {
		t.Fatal(err)
	}
	open(t, ben, ann).exchange(t)
	if rel := ann.relation(t, ben); rel != chat.Accepted {
		t.Errorf("Ann sees Ben as %s", rel)
	}
}

// A link that is reset between the hello and the request still leads to a
// secret that both know.
func TestResetDuringTheSessionOfARequest(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	p := open(t, ann, ben)
	if err := ben.ResetLink(""); err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	open(t, ann, ben)
	open(t, ben, ann)
}

func TestRetiredLinkOpensNothing(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	if err := ben.ResetLink(""); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := meet(t, ann, ben); ok {
		t.Error("a link that was reset still opens a session")
	}
}

// The pair secret, once both have shown it, is the only one left; before that
// the others stay, for the other side may not have it yet.
func TestPairSecretReplacesTheOthers(t *testing.T) {
	ann, ben, _ := pair(t)
	before, _ := ann.ProofsFor(ben.Account())
	if len(before) < 2 {
		t.Fatalf("before it was proved there are %d secrets", len(before))
	}
	open(t, ann, ben)
	for _, x := range [][2]*node{{ann, ben}, {ben, ann}} {
		proofs, err := x[0].ProofsFor(x[1].Account())
		if err != nil || len(proofs) != 1 || !proofs[0].Pair {
			t.Errorf("%s keeps %d secrets, %v", x[0].Name(), len(proofs), err)
		}
	}
	if err := ben.ResetLink(""); err != nil {
		t.Fatal(err)
	}
	open(t, ann, ben)
}

// A reset counts from the moment it returns, whoever reads the secrets just then.
func TestProofsAreNeverStale(t *testing.T) {
	ben := newNode(t, "Ben")
	old := ben.link(t)
	ben.disk.after = func() {
		if err := ben.ResetLink(""); err != nil {
			t.Error(err)
		}
	}
	if _, err := ben.Proofs(); err != nil {
		t.Fatal(err)
	}
	proofs, err := ben.Proofs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proofs {
		if p.Secret == wire.Secret(old.Secret) {
			t.Error("the secret of the retired link is still answered")
		}
	}
}

func TestTurnedTellsOfNewSecrets(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	turned := ann.Turned()
	select {
	case <-turned:
		t.Fatal("it turned before anything happened")
	default:
	}
	ann.ask(t, ben)
	select {
	case <-turned:
	case <-time.After(10 * time.Second):
		t.Error("it did not turn")
	}
}
