package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// took takes in who there is.
func (m *model) took(p peopleMsg) tea.Cmd {
	fresh, was := m.me.Account == "", m.chosen()
	m.me, m.people.contacts, m.people.requests = p.me, p.contacts, p.requests
	rows, chosen := m.people.rows(), m.chosen()
	switch {
	case fresh && len(rows) > 0:
		return tea.Batch(m.choose(first(rows)), m.node.recent(p.contacts))
	case was != row{} && chosen == row{}:
		m.say("whom you talked to is not on your list any more")
	case m.thread.with == "" && len(rows) > 0 && m.idle():
		return m.choose(rows[0])
	case chosen.contact != nil && !m.thread.asked: // who asked is a contact now
		return m.begin(chosen)
	}
	return nil
}

// idle reports whether the user is in the midst of nothing: another conversation
// must never get what was meant for one, or for nobody.
func (m *model) idle() bool {
	return m.page == nil && m.focus == onInput && m.input.area.Length() == 0
}

// first is the row to begin with: somebody who wrote what is not read yet, if any.
func first(rows []row) row {
	for _, r := range rows {
		if r.contact != nil && r.contact.Unread > 0 {
			return r
		}
	}
	return rows[0]
}

// chosen is whom one talks to.
func (m *model) chosen() row {
	if m.thread.with == "" {
		return row{}
	}
	return m.people.row(m.thread.with)
}

// choose opens the conversation with somebody.
func (m *model) choose(r row) tea.Cmd {
	m.leavePeople()
	m.page, m.focus = nil, onInput
	return m.begin(r)
}

// begin opens the conversation with somebody below whatever else is open.
func (m *model) begin(r row) tea.Cmd {
	m.input.turn(m.thread.with, r.account())
	m.thread = newThread(r.account(), m.draw)
	m.lay()
	if r.request != nil {
		return nil
	}
	m.thread.asked = true
	if r.contact.Unread > 0 {
		return m.ask(m.node.unread(r.account(), r.contact.Unread))
	}
	return m.ask(m.node.page(r.account(), newest, ""))
}

// ask asks for a page of the conversation, in the place of any that was asked for
// before.
func (m *model) ask(page tea.Cmd) tea.Cmd {
	m.rounds++
	round := m.rounds
	m.thread.loading, m.thread.round = true, round
	return func() tea.Msg {
		switch msg := page().(type) {
		case pageMsg:
			msg.round = round
			return msg
		case failedMsg:
			msg.round = round
			return msg
		default:
			return msg
		}
	}
}

// open takes up the conversation with an account, wherever the list stands.
func (m *model) talkTo(account string) tea.Cmd {
	if r := m.people.row(account); r != (row{}) {
		return m.choose(r)
	}
	return nil
}

// step goes to the next one on the list, or the one before.
func (m *model) step(by int) tea.Cmd {
	rows := m.people.rows()
	if len(rows) == 0 {
		return nil
	}
	now := slices.IndexFunc(rows, func(r row) bool { return r.account() == m.thread.with })
	if now < 0 {
		now = min(0, -by)
	}
	return m.choose(rows[(now+by+len(rows))%len(rows)])
}

// draw draws a message of the conversation.
func (m *model) draw(before *client.Message, msg client.Message, width int, look look) []string {
	d := drawer{styles: m.styles, name: m.name, quoted: m.thread.get, airy: m.airy}
	return d.message(before, msg, width, look)
}

// looks reports whether the conversation is before the user's eyes.
func (m *model) looks() bool {
	covered := m.page != nil || m.sideWidth() == m.width
	return !m.blurred && !covered && !m.tiny()
}

// read tells the node how far the conversation was read: what has been on the
// screen while the user looked at it, and nothing else.
func (m *model) read() tea.Cmd {
	if !m.looks() {
		return nil
	}
	m.thread.held = ""
	c := m.people.contact(m.thread.with)
	if c == nil || c.Unread == 0 {
		return nil
	}
	with, upTo := m.thread.with, m.thread.see()
	if upTo == "" {
		return nil
	}
	return do(m.node, func(ctx context.Context) (client.Unread, error) { return m.node.api.Read(ctx, with, upTo) },
		func(u client.Unread) tea.Msg { return readMsg{with, u.Unread} })
}

// newest shows the end of the conversation.
func (m *model) newest() tea.Cmd {
	if m.thread.last {
		m.thread.below = 0
		return nil
	}
	return m.reload()
}

// reload asks for the end of the conversation, whatever is here of it.
func (m *model) reload() tea.Cmd {
	if !m.thread.asked {
		return nil
	}
	return m.ask(m.node.page(m.thread.with, newest, ""))
}

// oldUnread goes to what was not read yet when the conversation was opened.
func (m *model) oldUnread() tea.Cmd {
	if m.thread.fresh == "" {
		m.say("nothing was unread here")
		return nil
	}
	if m.thread.show(m.thread.fresh, m.talkHeight()) {
		return m.scroll(0)
	}
	return m.ask(m.node.around(m.thread.with, m.thread.fresh))
}

// goTo shows a message of any conversation.
func (m *model) goTo(msg client.Message) tea.Cmd {
	if msg.Conversation != m.thread.with {
		m.talkTo(msg.Conversation) // the page it asks for is not needed
	}
	m.page, m.focus = nil, onThread
	m.thread.choose(msg.ID)
	if m.thread.show(msg.ID, m.talkHeight()) {
		return m.scroll(0)
	}
	return m.ask(m.node.around(m.thread.with, msg.ID))
}

// scroll moves the conversation up by so many rows, and asks for what is near.
func (m *model) scroll(up int) tea.Cmd {
	at, next, needed := m.thread.scroll(up, m.talkHeight())
	if !needed {
		return nil
	}
	return m.ask(m.node.page(m.thread.with, at, next))
}

// event takes in what happened.
func (m *model) event(e client.Event) tea.Cmd {
	switch e.Event {
	case client.EventMessage, client.EventState:
		return m.message(e)
	case client.EventContact, client.EventPresence, client.EventTyping:
		m.people.news++
		known := m.people.contact(e.Contact.Account)
		if e.Tell {
			m.say(e.Contact.Name + " is there")
		}
		if known == nil || e.Event == client.EventContact {
			return tea.Batch(m.node.people(m.people.news), m.tellAsker(e))
		}
		e.Contact.Unread = known.Unread // which this tells nothing of
		m.people.put(*e.Contact)
		return tea.Batch(m.notifyTold(e), m.later())
	case client.EventNode:
		if m.me.Account == "" { // the first event: what happens from now on is told
			return tea.Batch(m.node.people(m.people.news), m.later())
		}
		return tea.Batch(m.node.settings(), m.node.status(), m.later())
	case client.EventReset:
		m.people.news++
		return tea.Batch(m.node.people(m.people.news), m.reload())
	}
	return nil
}

func (m *model) message(e client.Event) tea.Cmd {
	msg := *e.Message
	m.people.heard(msg.Conversation, msg.Received.Time)
	var cmds []tea.Cmd
	if e.Event == client.EventMessage && !msg.Out() {
		if isNew := e.Time.Equal(msg.Received.Time); isNew {
			cmds = append(cmds, m.notify(msg))
		}
		if c := m.people.contact(msg.Conversation); c != nil && msg.State == "received" {
			m.people.news++
			c.Unread = max(c.Unread, 1) // until it is known how many
			cmds = append(cmds, m.node.contact(msg.Conversation, m.people.news))
		}
	}
	if msg.Conversation == m.thread.with {
		m.thread.put(msg)
		if !msg.Out() && msg.State == "received" && !m.looks() {
			m.thread.hold(msg.ID, m.talkHeight())
		}
	}
	return tea.Batch(append(cmds, m.later())...)
}

// later asks how the node is, once a while has passed without other news.
func (m *model) later() tea.Cmd {
	if m.health.waits {
		return nil
	}
	m.health.waits = true
	return tea.Tick(2*time.Second, func(time.Time) tea.Msg { return healthDueMsg{} })
}
