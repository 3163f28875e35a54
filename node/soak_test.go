package node_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/nodetest"
)

// TestSoak has four contacts write, change, delete and react at random, while
// nodes stop, cables come and go and clocks jump by years. In the end each pair
// agrees with the other and with a model. TRUCE_SEED repeats a run, TRUCE_SOAK
// sets its steps.
func TestSoak(t *testing.T) {
	seed := number("TRUCE_SEED", uint64(time.Now().UnixNano()))
	steps := number("TRUCE_SOAK", 300)
	t.Logf("TRUCE_SEED=%d TRUCE_SOAK=%d", seed, steps)
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t, rand.New(rand.NewPCG(seed, 1)))
		for range steps {
			s.step()
		}
		s.settle()
		s.compare()
	})
}

func number(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// soaked is one of the four.
type soaked struct {
	*virtual
	account wire.Account
	node    *node.Node   // nil while stopped
	clock   atomic.Int64 // how far it is off, a time.Duration
	cut     bool
}

// written is a message as the model has it.
type written struct {
	from, to  *soaked
	text      string
	deleted   bool
	reactions map[string]map[wire.Account]bool
}

type soak struct {
	*rand.Rand
	t      *testing.T
	net    *nodetest.Network
	people []*soaked
	model  map[wire.MessageID]*written
	ids    []wire.MessageID // in order of writing
	count  int
}

func newSoak(t *testing.T, r *rand.Rand) *soak {
	s := &soak{Rand: r, t: t, net: new(nodetest.Network), model: map[wire.MessageID]*written{}}
	for i, name := range []string{"Ann", "Ben", "Cem", "Dot"} {
		p := &soaked{virtual: newVirtual(t, s.net, name, fmt.Sprintf("1.0.0.%d", i+1))}
		s.start(p)
		p.account = p.node.Chat().Account()
		for _, other := range s.people {
			befriend(t, p.node, other.node)
		}
		s.people = append(s.people, p)
	}
	return s
}

func (s *soak) start(p *soaked) {
	p.node = start(s.t, p.home, p.name, func(c *node.Config) {
		c.Listen = []string{fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", p.ip)}
		c.Options = s.net.Options()
		c.Network = nodetest.Machine(p.ip)
		c.Now = func() time.Time { return time.Now().Add(time.Duration(p.clock.Load())) }
	})
}

// step does one thing to one of the four.
func (s *soak) step() {
	p := s.people[s.IntN(len(s.people))]
	switch n := s.IntN(20); {
	case n < 2 && p.node != nil:
		p.node.Close()
		p.node = nil
	case p.node == nil:
		s.start(p)
	case n == 2:
		p.cut = !p.cut
		s.net.Cut(p.ip, p.cut)
	case n == 3:
		p.clock.Store(int64(time.Duration(s.IntN(6*365*24)-3*365*24) * time.Hour))
	case n < 12:
		s.send(p)
	case n < 19:
		s.change(p)
	default:
		time.Sleep(time.Duration(s.IntN(300)) * time.Second)
	}
	time.Sleep(time.Duration(s.IntN(2000)) * time.Millisecond)
}

func (s *soak) send(p *soaked) {
	to := s.people[s.IntN(len(s.people))]
	if to == p {
		return
	}
	s.count++
	w := &written{from: p, to: to, text: fmt.Sprint("text ", s.count), reactions: map[string]map[wire.Account]bool{}}
	m, err := p.node.Chat().Send(to.account, w.text, chat.SendOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.model[m.ID] = w
	s.ids = append(s.ids, m.ID)
}

// change edits, deletes or reacts to a message that p has.
func (s *soak) change(p *soaked) {
	if len(s.ids) == 0 {
		return
	}
	id := s.ids[s.IntN(len(s.ids))]
	w := s.model[id]
	m, err := p.node.Chat().Message(id)
	if err != nil || m.Deleted || w.deleted {
		return // not here yet, or gone: the other side may still react to it
	}
	switch s.IntN(4) {
	case 0:
		if w.from == p {
			_, err = p.node.Chat().Delete(id, "")
			w.deleted = true
		}
	case 1:
		if w.from == p {
			s.count++
			w.text = fmt.Sprint("edit ", s.count)
			_, err = p.node.Chat().Edit(id, w.text, "")
		}
	default:
		emoji := []string{"👍", "😀", "❤️"}[s.IntN(3)]
		if w.reactions[emoji] == nil {
			w.reactions[emoji] = map[wire.Account]bool{}
		}
		on := s.IntN(3) > 0
		_, err = p.node.Chat().React(id, emoji, !on, "")
		w.reactions[emoji][p.account] = on
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// settle mends everything and waits until nothing is on its way.
func (s *soak) settle() {
	for _, p := range s.people {
		p.cut = false
		s.net.Cut(p.ip, false)
		if p.node == nil {
			s.start(p)
		}
	}
	for _, p := range s.people {
		for began := time.Now(); ; time.Sleep(time.Second) {
			out, err := p.node.Chat().Outbox()
			if err != nil {
				s.t.Fatal(err)
			}
			if len(out) == 0 {
				break
			}
			if time.Since(began) > time.Hour {
				s.t.Fatalf("%s: %d messages are not delivered after an hour", p.name, len(out))
			}
		}
	}
	time.Sleep(time.Minute) // edits and reactions are no messages: nobody waits for them
}

func (s *soak) compare() {
	for _, p := range s.people {
		for _, other := range s.people {
			if p != other {
				s.compareWith(p, other)
			}
		}
	}
}

func (s *soak) compareWith(p, other *soaked) {
	list, err := p.node.Chat().History(other.account, chat.HistoryOptions{N: 1 << 20})
	if err != nil {
		s.t.Fatal(err)
	}
	got := map[wire.MessageID]chat.Message{}
	for _, m := range list {
		if _, double := got[m.ID]; double {
			s.t.Errorf("%s has a message twice", p.name)
		}
		got[m.ID] = m
	}
	for id, w := range s.model {
		if w.from != p && w.from != other || w.to != p && w.to != other {
			continue
		}
		m, ok := got[id]
		delete(got, id)
		if want := s.expected(w); !ok && w.deleted && w.from == other {
			continue // deleted before it was ever sent
		} else if have := describe(m); !ok || have != want {
			s.t.Errorf("%s with %s has %q (there: %v), the model %q", p.name, other.name, have, ok, want)
		}
	}
	if len(got) > 0 {
		s.t.Errorf("%s has %d messages with %s that nobody wrote", p.name, len(got), other.name)
	}
}

func (s *soak) expected(w *written) string {
	if w.deleted {
		return "deleted"
	}
	m := chat.Message{Text: w.text, Reactions: map[string][]wire.Account{}}
	for emoji, who := range w.reactions {
		for a, on := range who {
			if on {
				m.Reactions[emoji] = append(m.Reactions[emoji], a)
			}
		}
	}
	return describe(m)
}

func describe(m chat.Message) string {
	if m.Deleted {
		return "deleted"
	}
	text := m.Text
	for _, emoji := range slices.Sorted(maps.Keys(m.Reactions)) {
		var who []string
		for _, a := range m.Reactions[emoji] {
			who = append(who, a.Short())
		}
		slices.Sort(who)
		text += fmt.Sprint(" ", emoji, who)
	}
	return text
}
