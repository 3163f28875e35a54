package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// contactPage tells all about a contact, and has a key for all that can be done.
type contactPage struct {
	account string
	safety  client.Safety
}

// safetyMsg is the number that two people compare.
type safetyMsg client.Safety

// openContact shows whom one talks to.
func (m *model) openContact() tea.Cmd {
	if m.people.contact(m.thread.with) == nil {
		m.say("you talk to nobody")
		return nil
	}
	return m.about(m.thread.with)
}

// about shows a contact.
func (m *model) about(account string) tea.Cmd {
	return m.open(&contactPage{account: account}, do(m.node, func(ctx context.Context) (client.Safety, error) {
		return m.node.api.Safety(ctx, account)
	}, func(s client.Safety) tea.Msg { return safetyMsg(s) }))
}

func (p *contactPage) title() string { return "A contact" }
func (p *contactPage) keys() string  { return "Esc back" }

// deed is something that a key does with a contact.
type deed struct {
	key, means string
	do         func(p *contactPage, m *model, c client.Contact) (page, tea.Cmd)
}

// begin has the user finish a command.
func begin(command string) func(*contactPage, *model, client.Contact) (page, tea.Cmd) {
	return func(_ *contactPage, m *model, c client.Contact) (page, tea.Cmd) {
		m.toInput()
		m.input.set("/" + command + " " + c.Name + " ")
		m.lay()
		return nil, nil
	}
}

// confirm has the user confirm a command.
func confirm(command, text, means string) func(*contactPage, *model, client.Contact) (page, tea.Cmd) {
	return func(_ *contactPage, m *model, c client.Contact) (page, tea.Cmd) {
		return &question{name: "A contact", text: strings.ReplaceAll(text, "NAME", term.Printable(c.Name)), answers: []answer{
			{"y", means, func(m *model) tea.Cmd { return m.command("/" + command + " " + c.Account) }},
			{"n", "leave it", nil},
		}}, nil
	}
}

// atOnce does a command at once.
func atOnce(command, argument string) func(*contactPage, *model, client.Contact) (page, tea.Cmd) {
	return func(p *contactPage, m *model, c client.Contact) (page, tea.Cmd) {
		return p, m.command(strings.TrimSpace("/" + command + " " + c.Account + " " + argument))
	}
}

// deeds are what can be done with a contact now.
func (p *contactPage) deeds(c client.Contact) []deed {
	if c.State == "blocked" {
		return []deed{{"b", "unblock", atOnce("unblock", "")}}
	}
	list := []deed{{"r", "rename", begin("rename")}, {"m", "note something about them, for yourself", begin("memo")}, {"g", "put them into groups of yours", begin("group")}}
	if c.State == "accepted" {
		if !c.Verified && p.safety.Number != "" {
			list = append(list, deed{"v", "they see the same safety number: verified", atOnce("verify", p.safety.Number)})
		}
		next := map[string]string{"full": "plain", "plain": "none", "none": "full"}[c.Shown]
		list = append(list, deed{"p", "show them less or more of how you are there: next is " + next, atOnce("presence", next)})
		if c.Tell {
			list = append(list, deed{"t", "no longer be told when they come", atOnce("tell", "off")})
		} else {
			list = append(list, deed{"t", "be told when they come", atOnce("tell", "on")})
		}
		if c.Hidden {
			list = append(list, deed{"h", "let them see where you are", atOnce("hide", "off")})
		} else {
			list = append(list, deed{"h", "hide from them where you are: linked by relays alone", atOnce("hide", "on")})
		}
	}
	return append(list,
		deed{"b", "block", confirm("block", "Block NAME? They are not told, and reach you no more.", "block")},
		deed{"x", "end this contact", confirm("remove", "End the contact with NAME? They are told. What was said stays with both.", "end it")})
}

func (p *contactPage) update(m *model, msg tea.Msg) (page, tea.Cmd) {
	switch msg := msg.(type) {
	case safetyMsg:
		if msg.Account == p.account {
			p.safety = client.Safety(msg)
		}
	case tea.KeyPressMsg:
		c := m.people.contact(p.account)
		name := msg.Keystroke()
		if c == nil || name == "esc" || name == "q" || name == "enter" {
			return nil, nil
		}
		for _, d := range p.deeds(*c) {
			if d.key == msg.Text {
				return d.do(p, m, *c)
			}
		}
	}
	return p, nil
}

func (p *contactPage) view(m *model, width, height int) []string {
	c := m.people.contact(p.account)
	if c == nil {
		return []string{"", "  no contact of yours any more"}
	}
	rows := []string{""}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, m.styles.field(name, value, width)...)
		}
	}
	add("name", c.Name)
	add("is", how(*c, time.Now()))
	add("groups", strings.Join(c.Groups, ", "))
	add("memo", c.Memo)
	add("sees of you", map[string]string{"full": "how you are there, your status and profile", "plain": "whether you are there, and your name", "none": "nothing"}[c.Shown])
	if p.safety.Number != "" && c.State == "accepted" {
		verified := "not verified: compare it by voice or face to face"
		if c.Verified {
			verified = "verified"
		}
		add("number", p.safety.Number+"\n"+verified)
	}
	add("account", c.Account)
	rows = append(rows, "")
	for _, d := range p.deeds(*c) {
		rows = append(rows, m.styles.fit("  "+m.styles.name.Render(d.key)+"  "+d.means, width))
	}
	return rows
}

// field draws a value behind what it is called.
func (s styles) field(name, value string, width int) []string {
	const indent = 14
	rows := s.body(value, strings.Repeat(" ", indent), width)
	rows[0] = "  " + s.dim.Render(s.fit(term.Printable(name), indent-2)) + strings.TrimPrefix(rows[0], strings.Repeat(" ", indent))
	return rows
}
