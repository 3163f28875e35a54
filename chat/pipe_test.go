package chat_test

import (
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// pipe is a session between two nodes: what package link does, one call at a
// time and without a network.
type pipe struct{ dialler, listener *side }

// side is one end of a pipe.
type side struct {
	*node
	peer  *node
	proof chat.Proof
	heads map[wire.Log]uint64 // of my logs, what the peer has
}

// meet finds the proof under which the dialler and the listener know each
// other: the dialler's best one that the listener knows too.
func meet(t testing.TB, dialler, listener *node) (d, l chat.Proof, ok bool) {
	t.Helper()
	offers, err := dialler.ProofsFor(listener.Account())
	if err != nil {
		return d, l, false
	}
	known, err := listener.Proofs()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range offers {
		for _, l := range known {
			if d.Secret == l.Secret {
				return d, l, true
			}
		}
	}
	return d, l, false
}

// open begins a session; whichever can dials.
func open(t testing.TB, a, b *node) *pipe {
	t.Helper()
	d, l, ok := meet(t, a, b)
	if !ok {
		a, b = b, a
		if d, l, ok = meet(t, a, b); !ok {
			t.Fatal("they share no secret")
		}
	}
	p := &pipe{
		&side{a, b, d, map[wire.Log]uint64{}},
		&side{b, a, l, map[wire.Log]uint64{}},
	}
	for _, s := range []*side{p.dialler, p.listener} {
		if err := s.admit(t); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (s *side) admit(t testing.TB) error {
	t.Helper()
	signed := s.peer.list(t)
	list, err := wire.ParseDeviceList(signed)
	if err != nil {
		t.Fatal(err)
	}
	return s.Admit(s.proof, list, signed, s.peer.Device(), wire.Version)
}

// exchange brings both to the same state.
func (p *pipe) exchange(t testing.TB) {
	t.Helper()
	for range 2 { // what one hears may give it something to say
		p.dialler.tellStance(t, p.listener)
		p.listener.tellStance(t, p.dialler)
	}
	p.dialler.tellAll(t, p.listener)
	p.listener.tellAll(t, p.dialler)
	p.dialler.tellRead(t, p.listener)
}

// tellStance sends my stance, unless the other has it.
func (s *side) tellStance(t testing.TB, to *side) {
	t.Helper()
	st, acked, err := s.StanceFor(s.peer.Account())
	if acked || err != nil {
		return
	}
	if err := to.TakeStance(s.Account(), to.proof, s.list(t), "", st); err != nil {
		t.Fatal(err)
	}
	if err := s.StanceAcked(to.Account(), st.Version); err != nil {
		t.Fatal(err)
	}
}

// tellAll hears the other's vector, pushes what it lacks, and tells what is read.
func (s *side) tellAll(t testing.TB, to *side) {
	t.Helper()
	if talks, err := s.Talks(to.Account()); err != nil || !talks {
		return
	}
	s.hearVector(t, to)
	logs, err := s.OwnLogs(to.Account())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range logs {
		for s.heads[st.Log] < st.Head {
			s.push(t, to, st.Log, 4<<10)
		}
	}
	s.tellRead(t, to)
}

func (s *side) hearVector(t testing.TB, to *side) {
	t.Helper()
	v, err := to.Vector(s.Account())
	if err != nil {
		t.Fatal(err)
	}
	clear(s.heads)
	s.hearEntries(t, v.Entries)
	if err := s.TakeRead(to.Account(), v.Read); err != nil {
		t.Fatal(err)
	}
}

// hearEntries takes acknowledgements whose chain is mine.
func (s *side) hearEntries(t testing.TB, entries []wire.Entry) {
	t.Helper()
	for _, e := range entries {
		if e.Log.Account != s.Account() || e.Head == 0 {
			continue
		}
		v, err := s.ChainAt(e.Log, e.Head)
		if err != nil || v.Short() != e.Chain {
			t.Fatalf("the chains differ at %d: %v", e.Head, err)
		}
		s.heads[e.Log] = e.Head
	}
	if err := s.Acked(s.peer.Account(), s.heads); err != nil {
		t.Fatal(err)
	}
}

// push sends one push of about limit bytes and takes the answer.
func (s *side) push(t testing.TB, to *side, l wire.Log, limit int) {
	t.Helper()
	p := s.nextPush(t, l, limit)
	taken, err := to.TakePushes(s.Account(), []*wire.Push{&p})
	if err != nil || len(taken.Busy) > 0 || taken.Gap {
		t.Fatalf("the push was not taken: %+v, %v", taken, err)
	}
	s.hearEntries(t, taken.Acks)
}

func (s *side) nextPush(t testing.TB, l wire.Log, limit int) wire.Push {
	t.Helper()
	p, _, err := s.PushFrom(l, s.heads[l]+1, limit)
	if err != nil || len(p.Events) == 0 {
		t.Fatalf("nothing to push after %d: %v", s.heads[l], err)
	}
	return p
}

func (s *side) tellRead(t testing.TB, to *side) {
	t.Helper()
	marks, err := s.ReadMarks(to.Account())
	if err != nil {
		t.Fatal(err)
	}
	if err := to.TakeRead(s.Account(), marks); err != nil {
		t.Fatal(err)
	}
}
