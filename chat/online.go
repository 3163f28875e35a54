package chat

import (
	"errors"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Every coming of a contact that is told takes a row of the journal, and so does
// its going. One that comes and goes without end is told of no more often than
// this: maxComings at once, then one in each comingTime.
const (
	maxComings = 64
	comingTime = time.Minute
)

// comings counts those of one contact.
type comings struct {
	hushed bool      // the last was not told, and its going is not either
	spent  float64   // told, less those that are forgotten by now
	at     time.Time // of spent
}

// tells reports whether a coming, or a going, is told.
func (c *comings) tells(coming bool, now time.Time) bool {
	if !coming {
		return !c.hushed
	}
	c.spent = max(0, c.spent-max(0, now.Sub(c.at).Seconds())/comingTime.Seconds())
	c.at = now
	c.hushed = c.spent+1 > maxComings
	if !c.hushed {
		c.spent++
	}
	return !c.hushed
}

// Online reports whether a link with a is open.
func (s *Service) Online(a wire.Account) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[a] > 0
}

// LinkUp and LinkDown are called by the link when a session with a begins and
// ends. They keep when a was last seen: not that there is a session, which would
// show who is invisible.
func (s *Service) LinkUp(a wire.Account) error { return s.countLink(a, +1) }

// LinkDown ends what LinkUp began.
func (s *Service) LinkDown(a wire.Account) error {
	return errors.Join(s.countLink(a, -1), s.arrived(a))
}

func (s *Service) countLink(a wire.Account, n int) error {
	s.mu.Lock()
	s.links[a] += n
	edge := s.links[a] == 0 || n > 0 && s.links[a] == 1
	if s.links[a] == 0 {
		delete(s.links, a)
	}
	s.mu.Unlock()
	if !edge {
		return nil
	}
	if talks, err := s.Talks(a); err != nil || !talks { // others could make us write, and remember, without end
		return err
	}
	if !s.tellsComing(a, n > 0) {
		return nil
	}
	return s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err != nil || c.Relation() != Accepted {
			return ignoreNotFound(err)
		}
		c.LastSeen = max(c.LastSeen, s.sightOf(c).last)
		return s.putContact(tx, c)
	})
}

func (s *Service) tellsComing(a wire.Account, coming bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.comings[a]
	if c == nil {
		c = &comings{at: s.now()}
		s.comings[a] = c
	}
	return c.tells(coming, s.now())
}
