package chat

import (
	"slices"

	"github.com/truce-im/truce/chat/wire"
)

// While I am invisible nothing that I have taken is acknowledged: a tick would
// show that I am there (rule 29). What a contact was told last stands in its card.

// hides reports whether ticks are held back.
func hides(r Reader) (bool, error) {
	st, err := readStatus(r)
	return st.Mood == MoodInvisible, err
}

// Hides reports whether nothing may be acknowledged now.
func (s *Service) Hides() bool { return s.hidden.Load() }

// Resumed rises when acknowledgements are no longer held back, and when messages
// are taken again: peers need a vector then.
func (s *Service) Resumed() uint64 { return s.resumed.Load() }

// freeze notes what each contact was told of its logs, when I become invisible.
func (s *Service) freeze(tx Tx) (told []wire.Account, err error) {
	return told, s.eachAccepted(tx, func(a wire.Account) error {
		told = append(told, a)
		logs, err := tx.Logs(s.conv(a))
		if err != nil {
			return err
		}
		return s.changeCard(tx, a, func(c *Card) bool {
			c.Frozen = nil
			for _, st := range logs {
				if st.Log.Account == a && !isNotice(st.Log) {
					c.Frozen = append(c.Frozen, entryOf(st))
				}
			}
			return true
		})
	})
}

// thaw forgets that, and returns whom there is something to tell.
func (s *Service) thaw(tx Tx) (told []wire.Account, err error) {
	return told, s.eachAccepted(tx, func(a wire.Account) error {
		told = append(told, a)
		return s.changeCard(tx, a, func(c *Card) bool {
			had := c.Frozen != nil
			c.Frozen = nil
			return had
		})
	})
}

func (s *Service) eachAccepted(tx Tx, do func(wire.Account) error) error {
	var all []wire.Account
	for c, err := range tx.Contacts() {
		if err != nil {
			return err
		}
		if c.Relation() == Accepted {
			all = append(all, c.Account)
		}
	}
	for _, a := range all {
		if err := do(a); err != nil {
			return err
		}
	}
	return nil
}

// frozen puts in the place of what I have of a's logs what a was told of them.
func (s *Service) frozen(r Reader, a wire.Account, entries []wire.Entry) ([]wire.Entry, error) {
	hidden, err := hides(r)
	if err != nil || !hidden {
		return entries, err
	}
	card, err := r.Card(a)
	entries = slices.DeleteFunc(entries, func(e wire.Entry) bool { return e.Log.Account == a })
	return append(entries, card.Frozen...), err
}
