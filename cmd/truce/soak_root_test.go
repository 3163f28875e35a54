//go:build root && linux

package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	soakTime   = 3 * time.Minute
	settleTime = 12 * time.Minute // a node looks at least every 10 minutes for who is away
)

// TestRootSoak has four people on a LAN write, edit, delete, react and read at
// random while their nodes are killed, stopped and started, packets between
// two of them are dropped, cables and addresses come and go and clocks jump,
// from 1970 to 2099. In the end all four agree with one another and with a
// model. TRUCE_SEED repeats what is done in which order, TRUCE_SOAK is for how
// long.
func TestRootSoak(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("TRUCE_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	length, err := time.ParseDuration(os.Getenv("TRUCE_SOAK"))
	if err != nil {
		length = soakTime
	}
	t.Logf("TRUCE_SEED=%d TRUCE_SOAK=%v", seed, length)
	s := newSoak(t, seed)
	for begin := time.Now(); time.Since(begin) < length; {
		s.step()
	}
	s.heal()
	took := s.agree()
	t.Logf("%d steps, %d messages, %d kills, %d jumps of clocks; all agreed %v after the last fault",
		len(s.done), len(s.said), s.kills, s.jumps, took.Round(time.Second))
}

// soak is the state of one run. Only what is drawn from Rand decides what is
// done: no draw may depend on how fast the machines were.
type soak struct {
	*rand.Rand
	*lan
	seed         uint64
	people       []*soaker
	said         []*said             // in the order of writing
	dropped      map[[2]*soaker]bool // packets from one to the other are
	done         []string            // the steps
	kills, jumps int
}

// soaker is one of the four.
type soaker struct {
	*machine
	clock    *wallClock
	account  string
	cable    string // the bridge's end
	unplug   bool
	watching *watching // nil: nobody watches
}

func newSoak(t *testing.T, seed uint64) *soak {
	s := &soak{
		Rand: rand.New(rand.NewPCG(seed, 1)), lan: newLAN(t), seed: seed,
		dropped: map[[2]*soaker]bool{},
	}
	for i, name := range []string{"Ann", "Ben", "Cem", "Dot"} {
		p := &soaker{machine: s.plug(name), cable: fmt.Sprintf("p%d", i+1)}
		p.clock = p.skewable()
		p.machine.run = []string{"--log", "debug"}
		p.address(fmt.Sprintf("10.77.0.%d", i+1))
		s.setClock(p)
		p.start()
		p.account = p.must("id")[0].Account
		s.people = append(s.people, p)
	}
	t.Cleanup(s.report)
	s.introduce()
	for _, p := range s.people[:2] {
		p.watching = watch(p)
	}
	return s
}

// introduce makes contacts of all.
func (s *soak) introduce() {
	for i, p := range s.people {
		for _, other := range s.people[:i] {
			p.must("add", other.link())
			other.until("the request arrives", time.Minute, func() bool { return len(other.must("requests")) == 1 })
			other.must("accept", p.account)
		}
	}
	for _, p := range s.people {
		p.until("all are contacts", time.Minute, func() bool {
			rows := p.must("contacts")
			return len(rows) == 3 && !slices.ContainsFunc(rows, func(r row) bool { return r.State != "accepted" })
		})
	}
}

// step does one thing, the kinds weighted by how often they should happen.
func (s *soak) step() {
	p := s.people[s.IntN(len(s.people))]
	kinds := []struct {
		weight int
		do     func(*soaker) string
	}{
		{30, s.write}, {10, s.edit}, {6, s.delete}, {4, s.cancel}, {12, s.react}, {6, s.read},
		{3, s.storm}, {8, s.restart}, {6, s.drop}, {3, s.pull}, {3, s.move}, {5, s.jump}, {4, s.rest},
	}
	n := s.IntN(100)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			s.done = append(s.done, "the one that failed")
			s.done[len(s.done)-1] = k.do(p)
			return
		}
	}
}

// another draws one of the other three.
func (s *soak) another(p *soaker) *soaker {
	i := slices.Index(s.people, p)
	return s.people[(i+1+s.IntN(len(s.people)-1))%len(s.people)]
}

// rest lets things take their course.
func (s *soak) rest(*soaker) string {
	d := time.Duration(s.IntN(5000)) * time.Millisecond
	time.Sleep(d)
	return fmt.Sprint("nothing for ", d)
}

// agree waits until all four agree with the model, and returns how long it took.
func (s *soak) agree() time.Duration {
	s.t.Helper()
	begin := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var before string
	for {
		difference := s.difference()
		if difference == "" {
			return time.Since(begin)
		}
		if difference != before {
			s.t.Logf("after %v: %s", time.Since(begin).Round(time.Second), difference)
			before = difference
		}
		if time.Since(begin) > settleTime {
			s.t.Fatalf("not within %v of the last fault: %s", settleTime, difference)
		}
		<-tick.C
	}
}

// report tells of a failed run what is needed to look for the reason.
func (s *soak) report() {
	for _, p := range s.people {
		if p.watching != nil {
			p.watching.end()
		}
	}
	if !s.t.Failed() {
		return
	}
	const steps, lines = 40, 30
	s.t.Logf("TRUCE_SEED=%d, failed at step %d; the last steps:\n%s", s.seed, len(s.done),
		strings.Join(s.done[max(0, len(s.done)-steps):], "\n"))
	for _, p := range s.people {
		var contacts []string
		rows, _, _ := p.do("contacts")
		for _, r := range rows {
			contacts = append(contacts, r.Name+" "+r.Presence)
		}
		s.t.Logf("%s: clock off by %v, running: %v, sees %s\nits log ends:\n%s",
			p.name, p.clock.skew, p.node != nil, strings.Join(contacts, ", "), p.logTail(lines))
	}
}
