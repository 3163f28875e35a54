package chat

import (
	"slices"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// A nudge rings a bell, so neither side makes more of them than one a minute.
const (
	nudgePause = time.Minute
	nudgeSlack = 10 * time.Second // what the way may take off the pause between two that come
)

// Nudge sends a message that asks for attention, at most one a minute to each
// contact. The same key gives the same message, once. Errors: CodeRefused for one
// that is too early; those of Send.
func (s *Service) Nudge(to wire.Account, key string) (Message, error) {
	return s.post(to, wire.NewNudge(salt()), "nudge", key, func(tx Tx) error {
		now, early := s.nowMillis(), time.Duration(0)
		err := s.changeCard(tx, to, func(c *Card) bool {
			early = nudgePause - since(c.Nudged, now)
			c.Nudged = now
			return early <= 0
		})
		if err != nil || early <= 0 {
			return err
		}
		c, err := tx.Contact(to)
		if err != nil {
			return err
		}
		wait := (early + time.Second - 1).Truncate(time.Second)
		return Errorf(CodeRefused, "you nudged %s less than a minute ago", c.Name).WithHint("nudge again in %.0f s, or write what it is about", wait.Seconds())
	})
}

// maxRings bounds the nudges of one contact that are shown as such: an hour of
// them. Older ones are shown as text.
const maxRings = 64

// ring notes that a contact nudges me with e. One that comes too soon after
// another does not count.
func (s *Service) ring(tx Tx, e *Event) error {
	return s.changeCard(tx, e.Log.Account, func(c *Card) bool {
		if since(c.Rang, e.Received) < nudgePause-nudgeSlack {
			return false
		}
		c.Rang = e.Received
		c.Rings = append(slices.Clone(c.Rings[max(0, len(c.Rings)+1-maxRings):]), e.ID)
		return true
	})
}

// hush shows a nudge of theirs that does not count as the text that it is.
func (s *Service) hush(r Reader, m *Message) error {
	if !m.Nudge || m.Out {
		return nil
	}
	card, err := r.Card(m.From)
	m.Nudge = slices.Contains(card.Rings, m.ID)
	return err
}

// since is how long ago then was, both in unix milliseconds: very long if it was
// never, or is yet to come because the clock was set back.
func since(then, now uint64) time.Duration {
	if then == 0 || then > now {
		return 1 << 62
	}
	return time.Duration(min(now-then, 1<<40)) * time.Millisecond
}
