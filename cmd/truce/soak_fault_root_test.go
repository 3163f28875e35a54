//go:build root && linux

package main_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// restart kills a node or stops it; one that does not run is started.
func (s *soak) restart(p *soaker) string {
	hard, stay := s.IntN(3) > 0, s.IntN(2) == 0
	if p.node == nil {
		p.start()
		return p.name + " starts"
	}
	what := p.name + " is stopped"
	if hard {
		what = p.name + " is killed"
		s.kills++
		p.kill()
	} else {
		p.stop()
	}
	if stay {
		p.start()
		what += " and starts"
	}
	return what
}

// crash is kill -9 and a new start.
func (s *soak) crash(p *soaker) string {
	s.kills++
	p.kill()
	p.start()
	return p.name + " is killed and starts"
}

// drop begins or ends the loss of all packets from p to another, or both ways.
func (s *soak) drop(p *soaker) string {
	other, both := s.another(p), s.IntN(2) == 0
	if _, err := exec.LookPath("nft"); err != nil {
		return s.pull(p)
	}
	on := !s.dropped[[2]*soaker{p, other}]
	s.dropped[[2]*soaker{p, other}] = on
	if both {
		s.dropped[[2]*soaker{other, p}] = on
	}
	s.filter()
	return fmt.Sprintf("packets from %s to %s are lost: %v, back: %v", p.name, other.name, on, s.dropped[[2]*soaker{other, p}])
}

// filter tells the bridge what to lose.
func (s *soak) filter() {
	rules := []string{
		"add table bridge soak", "delete table bridge soak", "add table bridge soak",
		"add chain bridge soak cuts { type filter hook forward priority 0; }",
	}
	for pair, on := range s.dropped {
		if on {
			rules = append(rules, fmt.Sprintf("add rule bridge soak cuts iifname %s oifname %s drop", pair[0].cable, pair[1].cable))
		}
	}
	cmd := exec.Command("ip", "netns", "exec", s.name, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(strings.Join(rules, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("nft: %v: %s", err, out)
	}
}

// pull takes the cable out, or puts it in.
func (s *soak) pull(p *soaker) string {
	p.unplug = !p.unplug
	s.ip("-n", s.name, "link", "set", p.cable, map[bool]string{true: "down", false: "up"}[p.unplug])
	return fmt.Sprintf("%s's cable is out: %v", p.name, p.unplug)
}

// move gives p another address; each has a range of its own.
func (s *soak) move(p *soaker) string {
	addr := fmt.Sprintf("10.77.0.%d", 10+50*slices.Index(s.people, p)+s.IntN(50))
	p.address(addr)
	return fmt.Sprintf("%s moves to %s", p.name, addr)
}

func (s *soak) jump(p *soaker) string {
	s.setClock(p)
	return fmt.Sprintf("%s's clock is off by %v", p.name, p.clock.skew)
}

// setClock sets the clock of p right, or wrong by minutes, hours or years.
func (s *soak) setClock(p *soaker) {
	s.jumps++
	n := time.Duration(s.IntN(2001) - 1000)
	switch s.IntN(6) {
	case 0:
		p.clock.set(0)
	case 1:
		p.clock.set(n * time.Second)
	case 2:
		p.clock.set(n * time.Minute)
	case 3:
		p.clock.set(n * 24 * time.Hour)
	case 4:
		p.clock.year(1970)
	default:
		p.clock.year(2099)
	}
}

// heal ends all faults but those of clocks: what is wrong there stays wrong.
func (s *soak) heal() {
	if len(s.dropped) > 0 {
		clear(s.dropped)
		s.filter()
	}
	for _, p := range s.people {
		if p.unplug {
			s.pull(p)
		}
		if p.node == nil {
			p.start()
		}
	}
}
