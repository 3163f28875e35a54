package chat

import (
	"crypto/rand"

	"github.com/truce-im/truce/chat/wire"
)

// want makes my stance towards c one of wanting to be contacts. A share that
// was given before is kept while c may count on it: the secrets that follow from
// it stay those that the other side may have derived already.
func (c *Contact) want(name, note string, now uint64) {
	share := c.Mine.Share
	if share == [32]byte{} {
		rand.Read(share[:])
	}
	c.From = ""
	c.Mine = Stance{
		Version: c.nextVersion(now), Answers: c.Theirs.Version,
		Want: true, Name: name, Note: note, Share: share, Time: now,
	}
}

// refuse makes my stance towards c one of not wanting to be contacts. A share
// that was given is kept until c knows that (see untold); it is not sent.
func (c *Contact) refuse(now uint64) {
	c.From = ""
	c.Mine = Stance{Version: c.nextVersion(now), Answers: c.Theirs.Version, Share: c.Mine.Share, Time: now}
}

// nextVersion rises whatever the clock does, and whatever an older copy of
// this store had reached.
func (c *Contact) nextVersion(now uint64) uint64 { return max(c.Mine.Version+1, now) }

// hear takes the stance that the other side sent, in a session under p. It
// reports false, changing nothing, for one that is not newer than what is
// known. mine is my reach secret now.
func (c *Contact) hear(st wire.Stance, p Proof, me wire.Account, mine wire.ReachSecret, now uint64) bool {
	if st.Version <= c.Theirs.Version {
		return false
	}
	known := c.Theirs.Share
	c.Theirs = Stance{
		Version: st.Version, Answers: st.Answers,
		Want: st.Want, Name: st.Name, Note: st.Note, Share: st.Share, Time: now,
	}
	switch {
	case !st.Want:
	case p.Account == (wire.Account{}):
		// They came by my link, and not by a pending secret: they know of none,
		// or not of the one that I have. My link may have been reset meanwhile.
		c.AskedBy = pending(c.Account, me, wire.ReachSecret(p.Secret), st.Share)
	case c.AskedBy == nil && st.Share != known:
		c.AskedBy = pending(c.Account, me, mine, st.Share)
	}
	return true
}

// settle derives the secrets that follow from my stance: the pending one of my
// request and, where both want, the pair secret.
func (c *Contact) settle(me wire.Account) {
	if c.Mine.Want && c.AskedOf == nil && c.Reach != nil {
		c.AskedOf = pending(me, c.Account, *c.Reach, c.Mine.Share)
	}
	if c.Mine.Want && c.Theirs.Want {
		s := wire.PairSecret(me, c.Account, c.Mine.Share, c.Theirs.Share)
		c.Pair = &s
	}
}

func pending(asker, asked wire.Account, reach wire.ReachSecret, share [32]byte) *wire.Secret {
	s := wire.PendingSecret(asker, asked, reach, share)
	return &s
}

// proved notes that the other side has shown that it has the secret of p, and
// reports whether that is news. The pair secret replaces all others. Who knows
// me by their link alone has not derived my pending secret: another link than
// the one that I asked by first is what they will derive it from.
func (c *Contact) proved(p Proof, me wire.Account) (news bool) {
	switch {
	case p.Pair:
		news = c.Reach != nil || c.AskedBy != nil || c.AskedOf != nil
		c.Reach, c.AskedBy, c.AskedOf = nil, nil, nil
	case c.Mine.Want && c.Reach != nil && p.Secret == wire.Secret(*c.Reach):
		before := c.AskedOf
		c.AskedOf = pending(me, c.Account, *c.Reach, c.Mine.Share)
		news = before == nil || *before != *c.AskedOf
	}
	return news
}

// proofs returns the secrets under which the two may know each other, best
// first.
func (c *Contact) proofs() (list []Proof) {
	if c.Blocked {
		return nil
	}
	for _, secret := range []*wire.Secret{c.Pair, c.AskedBy, c.AskedOf, (*wire.Secret)(c.Reach)} {
		if secret != nil {
			list = append(list, Proof{Account: c.Account, Secret: *secret, Pair: secret == c.Pair})
		}
	}
	return list
}
