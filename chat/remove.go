package chat

import (
	"fmt"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Whoever is removed or blocked is a stranger from then on (rule 9): none of
// their secrets is answered. One who was removed is told so, once, by us; one
// who was blocked is told nothing.

// tellRemoved is how long somebody removed is looked for, to be told. After
// that, or once they have acknowledged it, nothing is left that either could
// find the other by.
const tellRemoved = 30 * 24 * time.Hour

// Reasons that stand on this disk alone, and never travel: of what was
// undelivered when its recipient was removed, or when its writer deleted it.
const (
	reasonRemoved   wire.Reason = 255
	reasonWithdrawn wire.Reason = 254
)

func localReason(r wire.Reason) bool { return r >= reasonWithdrawn }

// Remove ends the relation with a, from my side. What they have not got is
// given up and its text erased, so that it is not delivered if they become a
// contact again; what they have got stays in the history. The libp2p identity
// is replaced. The notice tells that there was nothing to do. Errors:
// ErrNotFound; CodeRefused for somebody blocked.
func (s *Service) Remove(a wire.Account) (view ContactView, notice string, err error) {
	return s.turn(a, func(tx Tx, c *Contact) (notice string, err error) {
		switch c.Relation() {
		case Blocked:
			return "", errBlocked(*c)
		case Gone:
			return fmt.Sprintf("%s is no contact", c.Name), nil
		}
		c.refuse(s.nowMillis())
		if c.MineAcked == 0 && c.Theirs.Version == 0 {
			c.forget() // they never heard of me, and need not now
		}
		if err := s.giveUpQueue(tx, a); err != nil {
			return "", err
		}
		if err := newIdentity(tx, false); err != nil {
			return "", err
		}
		return "", s.putContact(tx, *c)
	})
}

// Block makes a stranger of a, who is not told: nothing of theirs is stored or
// acknowledged, and what is queued for them waits. My link is reset and the
// libp2p identity replaced, so that nothing that they hold finds me. The notice
// tells of a name that had to be changed, or that there was nothing to do.
// Errors: ErrNotFound.
func (s *Service) Block(a wire.Account) (view ContactView, notice string, err error) {
	return s.turn(a, func(tx Tx, c *Contact) (notice string, err error) {
		rel := c.Relation()
		if rel == Blocked {
			return fmt.Sprintf("%s is blocked already", c.Name), nil
		}
		if !rel.named() { // from now on they are listed by it
			if c.Name, notice, err = s.freeName(tx, c.Name, a); err != nil {
				return "", err
			}
		}
		c.Blocked = true
		if err := newIdentity(tx, true); err != nil {
			return "", err
		}
		return notice, s.putContact(tx, *c)
	})
}

// Unblock undoes Block: a is again what both wanted before, and what waits on
// either side is delivered. The notice tells that there was nothing to do.
// Errors: ErrNotFound.
func (s *Service) Unblock(a wire.Account) (view ContactView, notice string, err error) {
	return s.turn(a, func(tx Tx, c *Contact) (string, error) {
		if !c.Blocked {
			return fmt.Sprintf("%s is not blocked", c.Name), nil
		}
		c.Blocked = false
		return "", s.putContact(tx, *c)
	})
}

// turn changes how the contact a stands, and tells the links.
func (s *Service) turn(a wire.Account, change func(Tx, *Contact) (string, error)) (view ContactView, notice string, err error) {
	err = s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err == nil {
			notice, err = change(tx, &c)
		}
		return err
	})
	if err != nil {
		return view, "", err
	}
	s.moveLog(a)
	view, err = s.Contact(a)
	return view, notice, err
}

// Untold returns those who were removed and have not acknowledged it yet.
func (s *Service) Untold() (list []wire.Account, err error) {
	err = s.store.View(func(r Reader) error {
		list = nil
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if c.untold() && !c.overdue(s.nowMillis()) {
				list = append(list, c.Account)
			}
		}
		return nil
	})
	return list, err
}

// ForgetRemoved drops what is shared with those who were removed and could not
// be told in time. Call it now and then.
func (s *Service) ForgetRemoved() error {
	return s.update(func(tx Tx) error {
		var late []Contact
		for c, err := range tx.Contacts() {
			if err != nil {
				return err
			}
			if c.untold() && c.overdue(s.nowMillis()) {
				late = append(late, c)
			}
		}
		for _, c := range late {
			c.forget()
			if err := tx.PutContact(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// untold reports whether I removed the contact and it does not know yet. My
// share, which it has, is kept until then: should I want again before, our
// secrets are what it knows.
func (c *Contact) untold() bool {
	return !c.Mine.Want && c.Mine.Share != [32]byte{} && c.Relation() == Gone
}

// overdue reports whether the contact was removed too long ago to be told.
func (c *Contact) overdue(now uint64) bool {
	return now > c.Mine.Time+uint64(tellRemoved.Milliseconds())
}

// forget drops everything by which the two could find each other.
func (c *Contact) forget() {
	c.Reach, c.AskedBy, c.AskedOf, c.Pair, c.Hints = nil, nil, nil, nil, nil
	c.Mine.Share = [32]byte{}
}

// told ends a removal that its subject has acknowledged. The peer id under
// which it was told is replaced, too.
func (c *Contact) told(tx Tx) error {
	c.forget()
	if err := tx.PutPeers(c.Account, nil); err != nil {
		return err
	}
	return newIdentity(tx, false)
}

// giveUpQueue fails what a does not have of my logs.
func (s *Service) giveUpQueue(tx Tx, a wire.Account) error {
	logs, err := tx.Logs(s.conv(a))
	if err != nil {
		return err
	}
	for _, st := range logs {
		if st.Log.Account != s.self.Account {
			continue
		}
		for seq := st.Delivered + 1; seq <= st.Head; seq++ {
			e, err := tx.Event(st.Log, seq)
			if err == nil {
				err = s.giveUp(tx, e)
			}
			if err := ignoreNotFound(err); err != nil {
				return err
			}
		}
	}
	return nil
}

// giveUp erases an event that was not delivered, and has it failed if it is a
// message. The log keeps its place and chain. What takes something back carries
// no text, and is wanted whenever the two meet again: it stays.
func (s *Service) giveUp(tx Tx, e Event) error {
	if e.Wire.Stub {
		return nil
	}
	target := e.ID
	if c, ok := content(&e); ok {
		switch c.Kind() {
		case wire.ContentDelete, wire.ContentUnreaction:
			return nil
		case wire.ContentEdit:
			target = *c.Replaces
		case wire.ContentReaction:
			target = *c.InReplyTo
			if err := s.unreact(tx, &e, target); err != nil {
				return err
			}
		}
	}
	blank(&e.Wire)
	if e.Listed && e.Refused == nil {
		e.Refused = new(reasonRemoved)
	}
	if err := tx.Rewrite(e); err != nil {
		return err
	}
	return tx.Note(Change{Kind: ChangeMessage, Target: target, Time: s.nowMillis()})
}
