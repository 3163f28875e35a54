package chat

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/wire"
)

// This file is what I note of people for myself. It stays on this disk: nobody
// else learns of it.

// Limits of what I note of one person, so that a list of contacts stays one.
const (
	MaxGroups = 32   // that somebody is in
	MaxMemo   = 1000 // characters
)

// SetGroups puts somebody into these groups of mine and into no others. Names that
// differ only in letter case are one group. Errors: ErrNotFound; CodeUsage for a
// bad name, CodeRefused for one that is too long and for more than MaxGroups.
func (s *Service) SetGroups(a wire.Account, groups []string) (ContactView, error) {
	groups, err := sortGroups(groups)
	if err != nil {
		return ContactView{}, err
	}
	return s.annotate(a, func(c *Card) bool {
		changed := !slices.Equal(c.Groups, groups)
		c.Groups = groups
		return changed
	})
}

func sortGroups(groups []string) (sorted []string, err error) {
	for _, g := range slices.Sorted(slices.Values(groups)) {
		if err := InputError(wire.CheckName(g)); err != nil {
			return nil, err
		}
		if !hasGroup(sorted, g) {
			sorted = append(sorted, g)
		}
	}
	if len(sorted) > MaxGroups {
		return nil, Errorf(CodeRefused, "somebody is in at most %d groups", MaxGroups)
	}
	return sorted, nil
}

func hasGroup(groups []string, name string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, name) })
}

// InGroup reports whether the contact is in a group, in any letter case.
func (v ContactView) InGroup(name string) bool { return hasGroup(v.Groups, name) }

// SetMemo notes something about somebody; an empty text drops the note. Errors:
// ErrNotFound; CodeUsage for what is not UTF-8, CodeRefused for a text of more than
// MaxMemo characters.
func (s *Service) SetMemo(a wire.Account, text string) (ContactView, error) {
	if err := checkProse("a memo", text, MaxMemo); err != nil {
		return ContactView{}, err
	}
	return s.annotate(a, func(c *Card) bool {
		changed := c.Memo != text
		c.Memo = text
		return changed
	})
}

func checkProse(what, text string, most int) error {
	if !utf8.ValidString(text) {
		return Errorf(CodeUsage, "%s is UTF-8", what)
	}
	if n := utf8.RuneCountInString(text); n > most {
		return Errorf(CodeRefused, "%s has at most %d characters, not %d", what, most, n)
	}
	return nil
}

// SetTell says whether I want to be told, each time, when somebody comes: see
// Update.Tell. Errors: ErrNotFound.
func (s *Service) SetTell(a wire.Account, on bool) (ContactView, error) {
	return s.annotate(a, func(c *Card) bool {
		changed := c.Tell != on
		c.Tell = on
		return changed
	})
}

// annotate changes the card of somebody I know, unless change reports that
// nothing has.
func (s *Service) annotate(a wire.Account, change func(*Card) bool) (ContactView, error) {
	err := s.store.Update(func(tx Tx) error {
		if _, err := tx.Contact(a); err != nil {
			return err
		}
		c, err := tx.Card(a)
		if err != nil || !change(&c) {
			return err
		}
		return errors.Join(tx.PutCard(c), tx.Note(Change{Kind: ChangeContact, Account: a, Time: s.nowMillis()}))
	})
	if err != nil {
		return ContactView{}, err
	}
	return s.Contact(a)
}
