package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/truce-im/truce/chat/wire"
)

// MaxRequests is how many people may wait for an answer: more than one can
// look through, few enough to cost nothing (rule 5).
const MaxRequests = 32

// MaxRequestsFrom is how many of them may come from one network, a /24 of IPv4
// or a /48 of IPv6: who fills the places has to be in many.
const MaxRequestsFrom = 4

// AskOptions go with a request to be a contact.
type AskOptions struct {
	Name string // petname; empty: the name that the link suggests
	Note string // shown to the person asked; empty: that of an earlier request that waits
	Key  string // idempotency key, or empty
}

// Ask makes the owner of a link a contact, if they agree. The request is
// delivered when both are there. To ask somebody who asks me is to accept; to
// ask a contact changes nothing; to ask somebody again who has not answered, by
// the same link and with the same note, changes their name at most. The notice
// tells of a name that had to be changed, or of there being nothing to do.
// Errors: CodeUsage for one's own link or a bad name, CodeRefused for somebody
// blocked and for a name or a note that is too long.
func (s *Service) Ask(link wire.Link, opt AskOptions) (view ContactView, notice string, err error) {
	if link.Account == s.self.Account {
		return view, "", Errorf(CodeUsage, "this is your own link").WithHint("give it to somebody, and add theirs")
	}
	if err := InputError(wire.CheckNote(opt.Note)); err != nil {
		return view, "", err
	}
	if err := checkPetname(opt.Name); err != nil {
		return view, "", err
	}
	var asked wire.Account
	err = s.update(func(tx Tx) error {
		asked, notice = link.Account, ""
		done, err := s.done(tx, opt.Key, "add")
		if err != nil {
			return err
		}
		if done != nil {
			asked = done.Account
			return nil
		}
		if notice, err = s.ask(tx, link, opt); err != nil {
			return err
		}
		return s.remember(tx, opt.Key, Done{What: "add", Account: asked})
	})
	if err != nil {
		return view, "", err
	}
	s.moveLog(asked)
	view, err = s.Contact(asked)
	return view, notice, err
}

func (s *Service) ask(tx Tx, link wire.Link, opt AskOptions) (notice string, err error) {
	c, err := tx.Contact(link.Account)
	if errors.Is(err, ErrNotFound) {
		c, err = Contact{Account: link.Account, Created: s.nowMillis()}, nil
	}
	if err != nil {
		return "", err
	}
	rel := c.Relation()
	if rel == Asked && opt.Note == "" {
		opt.Note = c.Mine.Note
	}
	switch {
	case rel == Blocked:
		return "", errBlocked(c)
	case rel == Accepted:
		notice = fmt.Sprintf("%s is a contact already", c.Name)
		if opt.Name != "" && opt.Name != c.Name {
			notice += "; truce rename gives another name"
		}
		return notice, nil
	case rel == Asked && c.Mine.Note == opt.Note && c.Reach != nil && *c.Reach == link.Secret:
		return s.askedAlready(tx, c, opt.Name)
	}
	if !rel.named() || opt.Name != "" {
		if c.Name, notice, err = s.freeName(tx, first(opt.Name, link.Name, c.Name), c.Account); err != nil {
			return "", err
		}
	}
	c.Note, c.Reach, c.Hints = opt.Note, &link.Secret, link.Addrs
	return notice, s.wantContact(tx, &c)
}

// askedAlready gives somebody who was asked before the name chosen now.
func (s *Service) askedAlready(tx Tx, c Contact, name string) (notice string, err error) {
	already := fmt.Sprintf("%s was asked already", c.Name)
	if name == "" || name == c.Name {
		return already, nil
	}
	c.Name, notice, err = s.freeName(tx, name, c.Account)
	if err != nil {
		return "", err
	}
	if notice == "" {
		notice = fmt.Sprintf("%s, and is called %s from now on", already, c.Name)
	}
	return notice, s.putContact(tx, c)
}

// wantContact makes c one that I want, and stores it.
func (s *Service) wantContact(tx Tx, c *Contact) error {
	self, err := tx.Self()
	if err != nil {
		return err
	}
	c.want(self.Name, c.Note, s.nowMillis())
	c.settle(self.Account)
	if err := s.makeConv(tx, c.Account); err != nil {
		return err
	}
	return s.putContact(tx, *c)
}

// Accept answers a request with yes. Name is the petname; empty: the suggested
// one. To accept a contact again changes nothing. Errors: ErrNotFound if the
// account has not asked.
func (s *Service) Accept(a wire.Account, name string) (view ContactView, notice string, err error) {
	if err := checkPetname(name); err != nil {
		return view, "", err
	}
	err = s.update(func(tx Tx) error {
		notice = ""
		c, err := tx.Contact(a)
		if err != nil {
			return err
		}
		switch c.Relation() {
		case Accepted:
			notice = fmt.Sprintf("%s is a contact already", c.Name)
			return nil
		case Blocked:
			return errBlocked(c)
		case Requested, Gone:
			if !c.Theirs.Want {
				return Errorf(CodeNotFound, "%s has not asked", c.Name).WithHint(askers)
			}
			if len(c.proofs()) == 0 {
				return Errorf(CodeNotFound, "%s has not asked since you removed them", c.Name).WithHint("ask them with `truce add` and their link")
			}
		default:
			return Errorf(CodeNotFound, "%s has not asked: you asked them", c.Name).WithHint("it is their turn; `truce contacts` shows when they have answered")
		}
		if c.Name, notice, err = s.freeName(tx, first(name, c.Name), a); err != nil {
			return err
		}
		return s.wantContact(tx, &c)
	})
	if err != nil {
		return view, "", err
	}
	s.moveLog(a)
	view, err = s.Contact(a)
	return view, notice, err
}

// askers is the next step of who answers somebody that did not ask.
const askers = "`truce requests` lists those who have"

func errBlocked(c Contact) *Error {
	return Errorf(CodeRefused, "%s is blocked", c.Name).WithHint("`truce unblock %s` first", c.Account)
}

// Decline answers a request with no. Declining twice changes nothing. Errors:
// ErrNotFound if the account has not asked.
func (s *Service) Decline(a wire.Account) (ContactView, error) {
	err := s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err != nil {
			return err
		}
		switch {
		case c.Relation() == Gone && c.Theirs.Want:
			return nil
		case c.Relation() != Requested:
			return Errorf(CodeNotFound, "%s has no request that waits for an answer", c.Name).WithHint(askers)
		}
		c.refuse(s.nowMillis())
		return s.putContact(tx, c)
	})
	if err != nil {
		return ContactView{}, err
	}
	s.moveLog(a)
	return s.Contact(a)
}

// Rename gives a contact another petname. Errors: CodeUsage for a bad name,
// CodeRefused for one that another contact has. key is an idempotency key, or
// empty.
func (s *Service) Rename(a wire.Account, name, key string) (ContactView, error) {
	if err := InputError(wire.CheckName(name)); err != nil {
		return ContactView{}, err
	}
	err := s.update(func(tx Tx) error {
		if done, err := s.done(tx, key, "rename"); err != nil || done != nil {
			return err
		}
		c, err := tx.Contact(a)
		if err != nil {
			return err
		}
		if err := s.remember(tx, key, Done{What: "rename", Account: a}); err != nil || c.Name == name {
			return err
		}
		free, _, err := s.freeName(tx, name, a)
		if err != nil {
			return err
		}
		if free != name {
			return Errorf(CodeRefused, "another contact is named %s", name).WithHint("choose another name, or rename that one first")
		}
		c.Name = name
		return s.putContact(tx, c)
	})
	if err != nil {
		return ContactView{}, err
	}
	return s.Contact(a)
}

// putContact stores c as a change that is told to the faces and to the links.
func (s *Service) putContact(tx Tx, c Contact) error {
	if err := tx.PutContact(c); err != nil {
		return err
	}
	return tx.Note(Change{Kind: ChangeContact, Account: c.Account, Time: s.nowMillis()})
}

func checkPetname(name string) error {
	if name == "" {
		return nil
	}
	return InputError(wire.CheckName(name))
}

// freeName returns name, or name with the first number that makes it unique
// among those whose names I chose, and tells so. Names that differ only in
// letter case count as one.
func (s *Service) freeName(r Reader, name string, a wire.Account) (free, notice string, err error) {
	if name == "" {
		name = a.Short()
	}
	taken := map[string]bool{}
	for c, err := range r.Contacts() {
		if err != nil {
			return "", "", err
		}
		if c.Account != a && c.Relation().named() {
			taken[strings.ToLower(c.Name)] = true
		}
	}
	free = name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		suffix := fmt.Sprintf("-%d", n)
		stem := []rune(name)
		stem = stem[:min(len(stem), wire.MaxName-len(suffix))]
		for free = string(stem) + suffix; wire.CheckName(free) != nil && len(stem) > 0; free = string(stem) + suffix {
			stem = stem[:len(stem)-1] // not in the middle of a joined emoji
		}
	}
	if free != name {
		notice = fmt.Sprintf("you have a contact named %s already; this one is called %s", name, free)
	}
	return free, notice, nil
}

func first(names ...string) string {
	i := slices.IndexFunc(names, func(s string) bool { return s != "" })
	if i < 0 {
		return ""
	}
	return names[i]
}

// Resolve finds the account that who names: by address, or by name in any
// letter case if that is clear. A name that I gave comes before one that
// somebody claims who only asks, and before one of somebody gone: nobody takes a
// contact's place by calling themselves alike. Errors: ErrNotFound;
// ErrAmbiguous, whose message lists the matches.
func (s *Service) Resolve(who string) (wire.Account, error) {
	return s.resolve(who, Relation.named, func(r Relation) bool { return r == Requested })
}

// ResolveAsker is Resolve for an answer: those who ask come first.
func (s *Service) ResolveAsker(who string) (wire.Account, error) {
	return s.resolve(who, func(r Relation) bool { return r == Requested }, Relation.named)
}

// resolve looks among those that each preference picks, in turn, and then among
// the rest.
func (s *Service) resolve(who string, preferences ...func(Relation) bool) (a wire.Account, err error) {
	if strings.HasPrefix(who, "#") {
		return a, Errorf(CodeNotFound, "there is no room %s", who).WithHint("this version has no rooms yet: name a person")
	}
	address, notAddress := wire.ParseAccount(who)
	exact, folded := make([][]Contact, len(preferences)+1), make([][]Contact, len(preferences)+1)
	err = s.store.View(func(r Reader) error {
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			rank := slices.IndexFunc(preferences, func(p func(Relation) bool) bool { return p(c.Relation()) })
			if rank < 0 {
				rank = len(preferences)
			}
			switch {
			case notAddress == nil && c.Account == address:
				exact[0] = append(exact[0], c)
			case c.Name == who:
				exact[rank] = append(exact[rank], c)
			case strings.EqualFold(c.Name, who):
				folded[rank] = append(folded[rank], c)
			}
		}
		return nil
	})
	if err != nil {
		return a, err
	}
	for rank := range exact {
		for _, found := range [][]Contact{exact[rank], folded[rank]} {
			switch len(found) {
			case 0:
			case 1:
				return found[0].Account, nil
			default:
				return a, ambiguous(who, found)
			}
		}
	}
	return a, Errorf(CodeNotFound, "nobody you know is called %s", who).WithHint("`truce contacts` and `truce requests` list them")
}

func ambiguous(who string, found []Contact) error {
	var names []string
	for _, c := range found {
		names = append(names, fmt.Sprintf("%s (%s)", c.Name, c.Account))
	}
	return Errorf(CodeAmbiguous, "%s could be any of: %s", who, strings.Join(names, ", ")).WithHint("use the address, which `truce contacts` shows")
}

// Contact returns one contact. Errors: ErrNotFound.
func (s *Service) Contact(a wire.Account) (view ContactView, err error) {
	err = s.store.View(func(r Reader) error {
		c, err := r.Contact(a)
		if err != nil {
			return err
		}
		view, err = s.contactView(r, c)
		return err
	})
	return view, err
}

func (s *Service) contactView(r Reader, c Contact) (ContactView, error) {
	conv, err := r.Conv(s.conv(c.Account))
	if err != nil {
		return ContactView{}, err
	}
	card, err := r.Card(c.Account)
	if err != nil {
		return ContactView{}, err
	}
	hidden, err := r.Setting(hiddenFrom)
	rel := c.Relation()
	sight := s.sightOf(c)
	return ContactView{
		Account: c.Account, Name: c.Name, Relation: rel, Note: c.Note, Presence: sight.shown, Typing: !sight.typing.IsZero(),
		LastSeen: max(c.LastSeen, sight.last), Online: rel == Accepted && s.Online(c.Account), Verified: c.Verified, Unread: conv.Unread,
		Why: conv.whyOver(), Groups: card.Groups, Memo: card.Memo, Shown: card.Grade, Tell: card.Tell,
		Hidden: strings.Contains(hidden, c.Account.String()),
	}, err
}

// Contacts returns all contacts, in the order in which they were made; not
// those whose request waits for me or was declined.
func (s *Service) Contacts() (views []ContactView, err error) {
	err = s.store.View(func(r Reader) error {
		views = nil
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if rel := c.Relation(); rel == Requested || rel == Gone {
				continue
			}
			v, err := s.contactView(r, c)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	return views, err
}

// Requests returns those who wait for my answer.
func (s *Service) Requests() (list []Request, err error) {
	err = s.store.View(func(r Reader) error {
		list = nil
		for c, err := range r.Contacts() {
			if err != nil {
				return err
			}
			if c.Relation() == Requested {
				list = append(list, Request{c.Account, c.Theirs.Name, c.Theirs.Note, c.Theirs.Time})
			}
		}
		return nil
	})
	return list, err
}
