//go:build root && linux

package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// difference tells one way in which the four do not agree, or "".
func (s *soak) difference() string {
	for _, p := range s.people {
		if out := p.must("outbox"); len(out) > 0 {
			return fmt.Sprintf("%s has %d messages that are not delivered, such as %+v", p.name, len(out), out[0])
		}
	}
	for _, p := range s.people {
		for _, other := range s.people {
			if p == other {
				continue
			}
			if difference := s.compare(p, other); difference != "" {
				return difference
			}
		}
	}
	for _, w := range s.said {
		if w.withdrawn && w.arrived {
			return fmt.Sprintf("%s says that nobody has %s, and %s has it", w.from.name, w.key, w.to.name)
		}
	}
	for _, p := range s.people {
		if p.watching == nil {
			continue
		}
		if difference := p.watching.difference(s.between(p, nil)); difference != "" {
			return difference
		}
	}
	return ""
}

// between is what p and other said to each other; other nil: p and anybody.
func (s *soak) between(p, other *soaker) (list []*said) {
	for _, w := range s.said {
		if w.from == p && (other == nil || w.to == other) || w.to == p && (other == nil || w.from == other) {
			list = append(list, w)
		}
	}
	return list
}

// compare looks for what p has of its conversation with other, once each, and
// in the order in which each of the two wrote. Between the two the order may
// differ, for their clocks do.
func (s *soak) compare(p, other *soaker) string {
	got := map[string]row{}
	order := map[string][]string{} // ids by direction
	for _, r := range history(p.machine, other.machine) {
		if _, double := got[r.ID]; double {
			return fmt.Sprintf("%s has %s twice", p.name, r.ID)
		}
		got[r.ID] = r
		order[r.Direction] = append(order[r.Direction], r.ID)
	}
	want := map[string][]string{}
	for _, w := range s.between(p, other) {
		r, ok := got[w.id]
		if w.from == p {
			w.withdrawn = withdrawn(r.State, r.Why)
		} else {
			w.arrived = ok
		}
		if !ok && w.deleted && w.to == p {
			continue // deleted before it was ever sent
		}
		if difference := w.differs(p, r); !ok || difference != "" {
			return fmt.Sprintf("%s has %s (%s, there: %v) otherwise than the model: %s", p.name, w.key, w.id, ok, difference)
		}
		want[r.Direction] = append(want[r.Direction], w.id)
	}
	for _, direction := range []string{"in", "out"} {
		if !slices.Equal(order[direction], want[direction]) {
			return fmt.Sprintf("%s with %s, %s: %d messages, not the %d of the model in their order",
				p.name, other.name, direction, len(order[direction]), len(want[direction]))
		}
	}
	return ""
}

// differs tells in what r, the message as p has it, is not what the model says.
func (w *said) differs(p *soaker, r row) string {
	direction, states := "in", []string{"received", "read"}
	if w.from == p {
		direction, states = "out", []string{"delivered", "read"}
	}
	switch {
	case r.Direction != direction:
		return "direction " + r.Direction
	case w.deleted && r.Deleted && withdrawn(r.State, r.Why):
		return ""
	case !slices.Contains(states, r.State):
		return fmt.Sprintf("state %s, %s", r.State, r.Why)
	case r.Deleted != w.deleted:
		return fmt.Sprint("deleted: ", r.Deleted)
	case w.deleted:
		return ""
	case r.Text != w.text():
		return fmt.Sprintf("text %.60q, not %.60q", r.Text, w.text())
	}
	if got, want := reactions(r.Reactions), w.reacted(); got != want {
		return fmt.Sprintf("reactions %s, not %s", got, want)
	}
	return ""
}

// withdrawn tells whether a message failed because its writer deleted it.
func withdrawn(state, why string) bool {
	return state == "failed" && why == "deleted before it was delivered"
}

// reacted writes the model's reactions as reactions does.
func (w *said) reacted() string {
	list := map[string][]string{}
	for emoji, who := range w.reactions {
		for p, on := range who {
			if on {
				list[emoji] = append(list[emoji], p.account)
			}
		}
	}
	return reactions(list)
}

func reactions(byEmoji map[string][]string) string {
	var b strings.Builder
	for _, emoji := range slices.Sorted(maps.Keys(byEmoji)) {
		fmt.Fprint(&b, emoji, slices.Sorted(slices.Values(byEmoji[emoji])))
	}
	return b.String()
}
