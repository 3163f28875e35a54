package chat

import (
	"crypto/rand"

	"github.com/truce-im/truce/chat/wire"
)

// want makes my stance towards c one of wanting to be contacts. A share that
// was given before is kept while the wish lasts.
func (c *Contact) want(name, note string, now uint64) {
	share := c.Mine.Share
	if !c.Mine.Want || c.Theirs.Answers >= c.Mine.Version && !c.Theirs.Want {
		rand.Read(share[:])
	}
	c.Mine = Stance{
		Version: c.nextVersion(now), Answers: c.Theirs.Version,
		Want: true, Name: name, Note: note, Share: share, Time: now,
	}
}

// refuse makes my stance towards c one of not wanting to be contacts.
func (c *Contact) refuse(now uint64) {
	c.Mine = Stance{Version: c.nextVersion(now), Answers: c.Theirs.Version, Time: now}
}

// nextVersion rises whatever the clock does, and whatever an older copy of
// this store had reached.
func (c *Contact) nextVersion(now uint64) uint64 { return max(c.Mine.Version+1, now) }

// hear takes the stance that the other side sent. It reports false, changing
// nothing, for one that is not newer than what is known.
func (c *Contact) hear(st wire.Stance, now uint64) bool {
	if st.Version <= c.Theirs.Version {
		return false
	}
	if st.Share != c.Theirs.Share {
		c.AskedBy = nil
	}
	c.Theirs = Stance{
		Version: st.Version, Answers: st.Answers,
		Want: st.Want, Name: st.Name, Note: st.Note, Share: st.Share, Time: now,
	}
	return true
}

// settle derives the secrets that follow from the two stances: the pending one
// of each request and, where both want, the pair secret. me is this account
// and mine its reach secret, under which they ask.
func (c *Contact) settle(me wire.Account, mine wire.ReachSecret) {
	if c.Mine.Want && c.Reach != nil {
		s := wire.PendingSecret(me, c.Account, *c.Reach, c.Mine.Share)
		c.AskedOf = &s
	}
	if c.Theirs.Want && c.AskedBy == nil {
		s := wire.PendingSecret(c.Account, me, mine, c.Theirs.Share)
		c.AskedBy = &s
	}
	if c.Mine.Want && c.Theirs.Want {
		s := wire.PairSecret(me, c.Account, c.Mine.Share, c.Theirs.Share)
		c.Pair = &s
	}
}

// proved drops what the pair secret replaces, once the other side has shown
// that it has it too.
func (c *Contact) proved() bool {
	if c.Reach == nil && c.AskedBy == nil && c.AskedOf == nil {
		return false
	}
	c.Reach, c.AskedBy, c.AskedOf = nil, nil, nil
	return true
}
