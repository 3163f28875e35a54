package chat

import (
	"bytes"
	"crypto/rand"
	"errors"

	"github.com/truce-im/truce/chat/wire"
)

// Introduce writes into my logs what contacts have to know to follow my
// presence: to each the secret of the view that it is shown, anew when that has
// changed, and my profile. Who is no contact any more, or is shown less, has
// the secret replaced for all others. It writes nothing if nothing has changed.
func (s *Service) Introduce() error {
	due := false
	err := s.store.View(func(r Reader) error {
		list, err := s.introductions(r)
		due = len(list.cards) > 0
		return err
	})
	if err != nil || !due {
		return err
	}
	var moved []wire.Account
	err = s.store.Update(func(tx Tx) error {
		moved = nil
		if err := stopped(tx); err != nil {
			return nil // once this device may write again
		}
		list, err := s.introductions(tx)
		if err != nil {
			return err
		}
		for _, c := range list.cards {
			if c.Account != s.self.Account && c.Told != (Told{}) {
				if err := s.introduce(tx, c, list.mine); err != nil {
					return err
				}
				moved = append(moved, c.Account)
			}
			if err := tx.PutCard(c.Card); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range moved {
		s.moveLog(a)
	}
	return nil
}

// introductions are the cards that have to change, as they will be.
type introductions struct {
	mine  Card
	cards []introduction
}

// introduction is a card, and what was told before.
type introduction struct {
	Card
	was Told
}

// introductions compares what contacts were told with what they have to know.
func (s *Service) introductions(r Reader) (list introductions, err error) {
	mine, err := r.Card(s.self.Account)
	if err != nil {
		return list, err
	}
	old := mine
	contacts, err := s.toldCards(r)
	if err != nil {
		return list, err
	}
	now := s.nowMillis()
	for _, c := range contacts {
		if c.was.Epoch > 0 && (!c.accepted || c.Grade != c.was.Grade) {
			mine.replaceView(c.was.Grade, now)
		}
	}
	mine.makeViews(now)
	for _, c := range contacts {
		c.Told = Told{}
		if c.accepted {
			c.Told = Told{c.Grade, mine.epoch(c.Grade, c.was, now), mine.Profile.Version}
		}
		if c.Told != c.was {
			list.cards = append(list.cards, c.introduction)
		}
	}
	if mine.FullEpoch != old.FullEpoch || mine.PlainEpoch != old.PlainEpoch {
		list.cards = append(list.cards, introduction{mine, mine.Told})
	}
	list.mine = mine
	return list, nil
}

type toldCard struct {
	introduction
	accepted bool
}

// toldCards returns the cards of contacts, and of those who were told something
// when they were.
func (s *Service) toldCards(r Reader) (list []toldCard, err error) {
	for c, err := range r.Contacts() {
		if err != nil {
			return nil, err
		}
		card, err := r.Card(c.Account)
		if err != nil {
			return nil, err
		}
		if accepted := c.Relation() == Accepted; accepted || card.Told != (Told{}) {
			list = append(list, toldCard{introduction{card, card.Told}, accepted})
		}
	}
	return list, nil
}

// makeViews gives secrets to the views that have none.
func (c *Card) makeViews(now uint64) {
	for _, epoch := range []*uint64{&c.FullEpoch, &c.PlainEpoch} {
		if *epoch == 0 {
			*epoch = max(1, now)
		}
	}
}

// replaceView gives a view another secret.
func (c *Card) replaceView(g Grade, now uint64) {
	switch g {
	case GradeFull:
		c.FullEpoch = max(c.FullEpoch+1, now)
	case GradePlain:
		c.PlainEpoch = max(c.PlainEpoch+1, now)
	}
}

// epoch is that of the secret that somebody of grade g has to know, who was told
// another before.
func (c *Card) epoch(g Grade, was Told, now uint64) uint64 {
	switch {
	case g == GradeFull:
		return max(c.FullEpoch, 1)
	case g == GradePlain:
		return max(c.PlainEpoch, 1)
	case was.Grade == GradeNone && was.Epoch > 0:
		return was.Epoch
	}
	return max(was.Epoch+1, now)
}

// View is what somebody of the grade is shown; 0: nothing.
func (g Grade) View() wire.View {
	switch g {
	case GradeFull:
		return wire.ViewFull
	case GradePlain:
		return wire.ViewPlain
	}
	return 0
}

// introduce appends what c has to be told.
func (s *Service) introduce(tx Tx, c introduction, mine Card) error {
	if c.Told.Grade != c.was.Grade || c.Told.Epoch != c.was.Epoch {
		g := wire.Grant{Salt: salt(), Epoch: c.Told.Epoch}
		if v := c.Told.Grade.View(); v > 0 {
			g.Secret = s.self.Owner.ViewSecret(v, g.Epoch)
		} else {
			rand.Read(g.Secret[:])
		}
		if err := s.appendSilent(tx, c.Account, wire.KindGrant, g.Encode()); err != nil {
			return err
		}
	}
	if c.Told.Profile == c.was.Profile {
		return nil
	}
	p := wire.Profile{Salt: salt(), Version: mine.Profile.Version, Name: mine.Profile.Name, About: mine.Profile.About, Avatar: mine.Profile.Avatar}
	return s.appendSilent(tx, c.Account, wire.KindProfile, p.Encode())
}

// appendSilent appends an event that is not shown to my log with a.
func (s *Service) appendSilent(tx Tx, a wire.Account, kind wire.EventKind, body []byte) error {
	l, err := s.writable(tx, a)
	if err != nil {
		return err
	}
	st, err := tx.Log(l)
	if err != nil {
		return err
	}
	now := s.nowMillis()
	e := Event{
		Log: l, Seq: st.Head + 1, Received: now, Order: clampOrder(now, st.Order, now),
		Wire: wire.Event{Kind: kind, Stamp: now, Prev: st.Chain, Body: body},
	}
	chain := e.Wire.Chain(e.Log, e.Seq)
	e.Wire.Owner = s.self.Owner.Tag(e.Log, e.Seq, chain)
	e.ID = unreadableID(&e)
	if err := tx.Append(&e); err != nil {
		return err
	}
	st.Head, st.Chain, st.Order = e.Seq, chain, e.Order
	return tx.PutLog(st)
}

// learn takes what a silent event of somebody else tells. What cannot be read is
// passed over: the event is kept.
func (s *Service) learn(tx Tx, e *Event) error {
	if e.Wire.Stub || e.Log.Account == s.self.Account {
		return nil
	}
	switch e.Wire.Kind {
	case wire.KindGrant:
		g, err := wire.DecodeGrant(e.Wire.Body)
		if err != nil {
			return nil
		}
		return s.changeCard(tx, e.Log.Account, func(c *Card) bool {
			if g.Epoch <= c.Epoch {
				return false
			}
			c.Secret, c.Epoch = g.Secret, g.Epoch
			return true
		})
	case wire.KindProfile:
		p, err := wire.DecodeProfile(e.Wire.Body)
		if err != nil {
			return nil
		}
		return s.learnProfile(tx, e.Log.Account, p)
	}
	return nil
}

// learnProfile keeps the newest profile of a, and no picture but the one that it
// tells of.
func (s *Service) learnProfile(tx Tx, a wire.Account, p wire.Profile) error {
	c, err := tx.Card(a)
	if err != nil || p.Version <= c.Profile.Version {
		return err
	}
	if !bytes.Equal(p.Avatar, c.Profile.Avatar) {
		if err := tx.PutPicture(a, nil); err != nil {
			return err
		}
	}
	c.Profile = Profile{p.Version, p.Name, p.About, p.Avatar}
	return errors.Join(tx.PutCard(c), tx.Note(Change{Kind: ChangeContact, Account: a, Time: s.nowMillis()}))
}

// changeCard stores the card of a unless change reports that nothing has.
func (s *Service) changeCard(tx Tx, a wire.Account, change func(*Card) bool) error {
	c, err := tx.Card(a)
	if err != nil || !change(&c) {
		return err
	}
	return tx.PutCard(c)
}

// View is the secret by which I can follow somebody's presence.
type View struct {
	Secret wire.ViewSecret
	Epoch  uint64
}

// Views returns what contacts have shown me; nothing while presence is off.
func (s *Service) Views() (views map[wire.Account]View, err error) {
	if s.unseen.Load() {
		return nil, nil
	}
	err = s.store.View(func(r Reader) error {
		views = map[wire.Account]View{}
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if c.Relation() != Accepted {
				continue
			}
			card, err := r.Card(c.Account)
			if err != nil {
				return err
			}
			if card.Epoch > 0 {
				views[c.Account] = View{card.Secret, card.Epoch}
			}
		}
		return nil
	})
	return views, err
}
