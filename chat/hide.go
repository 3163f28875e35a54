package chat

import (
	"slices"
	"strings"

	"github.com/truce-im/truce/chat/wire"
)

// Hide is the setting that nobody but relays sees where this node is: true or false.
const Hide = "hide"

// hiddenFrom is where the accounts are kept from which this node hides, with spaces in
// between, sorted.
const hiddenFrom = "hidden_from"

// Hidden tells from whom this node hides where it is.
type Hidden struct {
	All  bool                  // from everybody
	From map[wire.Account]bool // besides
}

// Hidden returns from whom this node hides. Turned tells of changes.
func (s *Service) Hidden() (h Hidden, err error) {
	h.From = map[wire.Account]bool{}
	all, err := s.Setting(Hide)
	if err != nil {
		return h, err
	}
	h.All = all == "true"
	return h, s.store.View(func(r Reader) error {
		list, err := r.Setting(hiddenFrom)
		for _, text := range strings.Fields(list) {
			if a, err := wire.ParseAccount(text); err == nil {
				h.From[a] = true
			}
		}
		return err
	})
}

// SetHidden says whether a may see where this node is. What a has seen before stays
// seen. Errors: ErrNotFound.
func (s *Service) SetHidden(a wire.Account, on bool) (ContactView, error) {
	err := s.update(func(tx Tx) error {
		if _, err := tx.Contact(a); err != nil {
			return err
		}
		value, err := tx.Setting(hiddenFrom)
		if err != nil {
			return err
		}
		list := slices.DeleteFunc(strings.Fields(value), func(x string) bool { return x == a.String() })
		if on {
			list = append(list, a.String())
		}
		slices.Sort(list)
		after := strings.Join(list, " ")
		if after == value {
			return nil
		}
		if err := tx.PutSetting(hiddenFrom, after); err != nil {
			return err
		}
		return tx.Note(Change{Kind: ChangeContact, Account: a, Time: s.nowMillis()})
	})
	if err != nil {
		return ContactView{}, err
	}
	return s.Contact(a)
}
