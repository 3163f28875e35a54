package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// people are those on the left: who asks first, then contacts, those with the
// newest messages on top.
type people struct {
	contacts []client.Contact
	requests []client.Request
	spoke    map[string]time.Time // when the newest message was, by account
	filter   string
}

// row is one line of the list: a contact, or somebody who asks.
type row struct {
	contact *client.Contact
	request *client.Request
}

func (r row) account() string {
	if r.request != nil {
		return r.request.Account
	}
	return r.contact.Account
}

func (p *people) rows() (list []row) {
	for i := range p.requests {
		if p.matches(p.requests[i].Name) {
			list = append(list, row{request: &p.requests[i]})
		}
	}
	asking := len(list)
	for i := range p.contacts {
		if p.matches(p.contacts[i].Name) {
			list = append(list, row{contact: &p.contacts[i]})
		}
	}
	slices.SortStableFunc(list[asking:], func(a, b row) int {
		return cmp.Or(p.spoke[b.account()].Compare(p.spoke[a.account()]), strings.Compare(a.contact.Name, b.contact.Name))
	})
	return list
}

func (p *people) matches(name string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(p.filter))
}

func (p *people) contact(account string) *client.Contact {
	if i := slices.IndexFunc(p.contacts, func(c client.Contact) bool { return c.Account == account }); i >= 0 {
		return &p.contacts[i]
	}
	return nil
}

// put takes in how a contact is now.
func (p *people) put(c client.Contact) {
	if known := p.contact(c.Account); known != nil {
		*known = c
	} else {
		p.contacts = append(p.contacts, c)
	}
}

func (s styles) person(r row, chosen bool, width int) string {
	var left, right string
	if r.request != nil {
		left, right = s.alarm.Render("?")+" "+term.Printable(r.request.Name), s.dim.Render("asks")
	} else {
		left = s.sign(*r.contact) + " " + term.Printable(r.contact.Name)
		switch {
		case r.contact.Unread > 0:
			right = s.unread.Render(strconv.FormatUint(r.contact.Unread, 10))
		case r.contact.State != "accepted":
			right = s.dim.Render(r.contact.State)
		case r.contact.Typing:
			right = s.dim.Render("writes…")
		}
	}
	if chosen {
		return s.chosen.Render(apart(plain(left), plain(right), width))
	}
	return apart(left, right, width)
}

// sign tells how somebody is there in one cell: by its shape, and by its colour.
func (s styles) sign(c client.Contact) string {
	switch c.Presence {
	case "available":
		return s.here.Render("●")
	case "away":
		return s.away.Render("◐")
	case "busy":
		return s.busy.Render("◆")
	}
	return s.dim.Render("○")
}
