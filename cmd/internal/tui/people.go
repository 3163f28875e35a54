package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// people are those on the left: who asks first, then contacts, those with the
// newest messages on top.
type people struct {
	contacts []client.Contact
	requests []client.Request
	spoke    map[string]time.Time // when the newest message was, by account
	news     int                  // rises when something is told of somebody: what was asked before may be older
	filter   string
	pick     string // account that Enter opens while the list is filtered
	top      int    // first row on the screen
}

// row is one line of the list: a contact, or somebody who asks.
type row struct {
	contact *client.Contact
	request *client.Request
}

func (r row) account() string {
	switch {
	case r.request != nil:
		return r.request.Account
	case r.contact != nil:
		return r.contact.Account
	}
	return ""
}

// rows are those that the filter lets through.
func (p *people) rows() (list []row) {
	for i := range p.requests {
		if p.matches(p.requests[i].Name) {
			list = append(list, row{request: &p.requests[i]})
		}
	}
	asking := len(list)
	for i := range p.contacts {
		if c := p.contacts[i]; p.matches(append(c.Groups, c.Name)...) {
			list = append(list, row{contact: &p.contacts[i]})
		}
	}
	slices.SortStableFunc(list[asking:], func(a, b row) int {
		return cmp.Or(p.spoke[b.account()].Compare(p.spoke[a.account()]), strings.Compare(a.contact.Name, b.contact.Name))
	})
	return list
}

// matches reports whether one of the names is what is looked for.
func (p *people) matches(names ...string) bool {
	words := match.New(p.filter)
	return words.Empty() || slices.ContainsFunc(names, func(name string) bool { return words.In([]byte(name)) })
}

// row is that of an account, whatever the filter; the zero value if there is none.
func (p *people) row(account string) row {
	if i := slices.IndexFunc(p.requests, func(r client.Request) bool { return r.Account == account }); i >= 0 {
		return row{request: &p.requests[i]}
	}
	return row{contact: p.contact(account)}
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

// heard notes when a message came.
func (p *people) heard(account string, at time.Time) {
	if at.After(p.spoke[account]) {
		p.spoke[account] = at
	}
}

// unread is how many messages were not read yet, and requests not answered.
func (p *people) unread() uint64 {
	n := uint64(len(p.requests))
	for _, c := range p.contacts {
		n += c.Unread
	}
	return n
}

// toPeople lets the user pick somebody.
func (m *model) toPeople() tea.Cmd {
	m.focus, m.people.filter = onPeople, ""
	m.people.choose(m.people.rows(), 0)
	m.filter.SetValue("")
	return m.filter.Focus()
}

// filterKey acts on a key while somebody is picked.
func (m *model) filterKey(msg tea.Msg) (cmd tea.Cmd) {
	rows := m.people.rows()
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.Keystroke() {
		case "esc", "ctrl+k":
			m.leavePeople()
			return nil
		case "enter":
			m.leavePeople()
			if len(rows) > 0 {
				return m.choose(rows[m.people.picked(rows)])
			}
			return nil
		case "down", "tab", "ctrl+n":
			m.people.choose(rows, m.people.picked(rows)+1)
			return nil
		case "up", "shift+tab", "ctrl+p":
			m.people.choose(rows, m.people.picked(rows)-1)
			return nil
		case "ctrl+c", "ctrl+q":
			return m.leave()
		}
	}
	m.filter, cmd = m.filter.Update(msg)
	if text := strings.TrimSpace(m.filter.Value()); text != m.people.filter {
		m.people.filter = text
		m.people.choose(m.people.rows(), 0)
	}
	return cmd
}

// picked is the row that Enter opens. It is that of one person, wherever news of
// others move them.
func (p *people) picked(rows []row) int {
	return max(0, slices.IndexFunc(rows, func(r row) bool { return r.account() == p.pick }))
}

// choose has Enter open the row there, or the one next to it.
func (p *people) choose(rows []row, at int) {
	if p.pick = ""; len(rows) > 0 {
		p.pick = rows[max(0, min(at, len(rows)-1))].account()
	}
}

// leavePeople goes back to writing, if somebody was being picked.
func (m *model) leavePeople() {
	if m.focus == onPeople {
		m.focus, m.people.filter = onInput, ""
		m.filter.Blur()
	}
}

// side draws the people in so many rows.
func (m *model) side(width, height int) []string {
	rows := []string{m.sideHead(width), m.styles.border.Render(strings.Repeat("─", width))}
	list := m.people.rows()
	at := slices.IndexFunc(list, func(r row) bool { return r.account() == m.thread.with })
	if m.focus == onPeople {
		at = m.people.picked(list)
	}
	room := max(1, height-len(rows))
	m.people.top = max(0, min(m.people.top, at, len(list)-room), at-room+1)
	for i := m.people.top; i < len(list) && len(rows) < height; i++ {
		rows = append(rows, m.styles.person(list[i], i == at, width))
	}
	if len(list) == 0 {
		text := "nobody yet"
		if m.people.filter != "" {
			text = "nobody by that name"
		}
		rows = append(rows, m.styles.dim.Render(m.styles.fit(" "+text, width)))
	}
	for len(rows) < height {
		rows = append(rows, strings.Repeat(" ", width))
	}
	return rows[:height]
}

// sideHead says who I am and how, or what is looked for.
func (m *model) sideHead(width int) string {
	if m.focus == onPeople {
		m.filter.SetWidth(max(1, width-7))
		return m.styles.fit(" find "+m.filter.View(), width)
	}
	name := m.me.Name
	if name == "" {
		name = m.me.Account[:min(8, len(m.me.Account))]
	}
	left := " " + m.styles.sign(m.status.Presence) + " " + m.styles.mine.Render(term.Printable(name))
	right := ""
	if m.status.Presence != "available" && m.status.Presence != "" {
		right = m.styles.dim.Render(m.status.Presence) + " "
	}
	return m.styles.apart(left, right, width)
}

func (s styles) person(r row, chosen bool, width int) string {
	var left, right string
	if r.request != nil {
		left, right = s.alarm.Render("?")+" "+term.Printable(r.request.Name), s.alarm.Render("asks")
	} else {
		c := r.contact
		name := term.Printable(c.Name)
		if c.Unread > 0 || chosen {
			name = s.unread.Render(name)
		}
		left = s.sign(c.Presence) + " " + name
		switch {
		case c.State != "accepted":
			left, right = s.sign("")+" "+s.dim.Render(term.Printable(c.Name)), s.dim.Render(c.State)
		case c.Unread > 0:
			right = s.badge.Render(" " + strconv.FormatUint(c.Unread, 10) + " ")
		case c.Typing:
			right = s.dim.Render("writes…")
		}
	}
	if chosen {
		return s.name.Render("▌") + s.apart(left, right+" ", width-1)
	}
	return s.apart(" "+left, right+" ", width)
}

// sign tells how somebody is there in one cell: by its shape, and by its colour.
func (s styles) sign(presence string) string {
	switch presence {
	case "available":
		return s.here.Render("●")
	case "away":
		return s.away.Render("◐")
	case "busy":
		return s.busy.Render("◆")
	}
	return s.dim.Render("○")
}
