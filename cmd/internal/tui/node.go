package tui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// node is the node behind the screen. Its methods return what to do beside the
// loop; the answers come as the messages below.
type node struct {
	ctx context.Context
	api *client.Client
}

type (
	// eventMsg is something that happened at the node.
	eventMsg client.Event
	// goneMsg says that the node does not answer any more.
	goneMsg struct{}
	// failedMsg is what was refused, or went wrong.
	failedMsg struct {
		err        error
		with, text string // the message that was not taken, if it was one
		ran        bool   // it was a command
		round      int    // of the page that did not come, if it was one
	}
	// didMsg says that something was done, and what follows.
	didMsg struct {
		note string
		then []tea.Cmd
	}

	peopleMsg struct {
		asked    int // news of people when this was asked
		me       client.Identity
		contacts []client.Contact
		requests []client.Request
	}
	// recentMsg is when the newest message of each conversation came, by account.
	recentMsg map[string]time.Time
	// pageMsg is a part of a conversation, next to what was there.
	pageMsg struct {
		with string
		at   edge
		list []client.Message
		end  bool   // nothing is beyond it on its side
		id   string // the message that it was asked for by

		round int // which page of all that were asked for it is
	}
	sentMsg client.Message
	readMsg struct {
		with   string
		unread uint64
	}
	contactMsg struct {
		asked   int
		contact client.Contact
	}
	settingsMsg map[string]string
	statusMsg   client.Status
)

// edge says where a page belongs.
type edge int

const (
	newest edge = iota // in the place of everything
	older              // before
	newer              // behind
	around             // in the place of everything, with a message in the middle
	unread             // in the place of everything, with the oldest unread one
)

// pageSize is how many messages are asked for at a time: several screens.
const pageSize = 100

// follow sends what happens, from now on, until the node or ctx ends.
func (n node) follow(send func(tea.Msg)) {
	for e, err := range n.api.Events(n.ctx, "") {
		if err != nil {
			break
		}
		send(eventMsg(e))
	}
	if n.ctx.Err() == nil {
		send(goneMsg{})
	}
}

// do makes a command of a call.
func do[T any](n node, call func(context.Context) (T, error), done func(T) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		v, err := call(n.ctx)
		switch {
		case n.ctx.Err() != nil:
			return nil
		case errors.Is(err, client.ErrUnreachable):
			return goneMsg{}
		case err != nil:
			return failedMsg{err: err}
		}
		return done(v)
	}
}

func (n node) people(asked int) tea.Cmd {
	return do(n, func(ctx context.Context) (p peopleMsg, err error) {
		p.asked = asked
		if p.me, err = n.api.ID(ctx); err != nil {
			return p, err
		}
		if p.contacts, err = n.api.Contacts(ctx); err != nil {
			return p, err
		}
		p.requests, err = n.api.Requests(ctx)
		return p, err
	}, func(p peopleMsg) tea.Msg { return p })
}

func (n node) contact(who string, asked int) tea.Cmd {
	return do(n, func(ctx context.Context) (client.Contact, error) { return n.api.Contact(ctx, who) },
		func(c client.Contact) tea.Msg { return contactMsg{asked, c} })
}

func (n node) recent(contacts []client.Contact) tea.Cmd {
	return do(n, func(ctx context.Context) (recentMsg, error) {
		out := recentMsg{}
		for _, c := range contacts {
			list, err := n.api.History(ctx, c.Account, client.HistoryRequest{N: 1})
			if err != nil {
				return out, err
			}
			if len(list) > 0 {
				out[c.Account] = list[0].Received.Time
			}
		}
		return out, nil
	}, func(r recentMsg) tea.Msg { return r })
}

func (n node) page(with string, at edge, next string) tea.Cmd {
	in := client.HistoryRequest{N: pageSize}
	switch at {
	case older:
		in.Before = next
	case newer:
		in.After = next
	}
	return do(n, func(ctx context.Context) ([]client.Message, error) { return n.api.History(ctx, with, in) },
		func(list []client.Message) tea.Msg {
			return pageMsg{with: with, at: at, list: list, end: len(list) < pageSize, id: next}
		})
}

// around asks for a message and those on both sides of it.
func (n node) around(with, id string) tea.Cmd {
	return do(n, func(ctx context.Context) (list []client.Message, err error) {
		m, err := n.api.Message(ctx, id)
		if err != nil {
			return nil, err
		}
		before, err := n.api.History(ctx, with, client.HistoryRequest{N: pageSize, Before: id})
		if err != nil {
			return nil, err
		}
		after, err := n.api.History(ctx, with, client.HistoryRequest{N: pageSize, After: id})
		return append(append(before, m), after...), err
	}, func(list []client.Message) tea.Msg { return pageMsg{with: with, at: around, list: list, id: id} })
}

// unread asks for what was not read yet, count messages, from the oldest on and
// some before it.
func (n node) unread(with string, count uint64) tea.Cmd {
	return do(n, func(ctx context.Context) (p pageMsg, err error) {
		p = pageMsg{with: with, at: unread, end: true}
		in := client.HistoryRequest{N: int(min(count+pageSize, client.MaxHistory))}
		for left := int(count); ; {
			list, err := n.api.History(ctx, with, in)
			if err != nil || len(list) == 0 {
				return p, err
			}
			p.list, p.end = list, in.Before == ""
			for i := len(list) - 1; i >= 0 && left > 0; i-- {
				if m := list[i]; !m.Out() && m.State == "received" {
					p.id = m.ID
					left--
				}
			}
			if left == 0 || len(list) < in.N {
				return p, nil
			}
			in.Before = list[0].ID
		}
	}, func(p pageMsg) tea.Msg { return p })
}

func (n node) send(with string, in client.SendRequest) tea.Cmd {
	send := do(n, func(ctx context.Context) (client.Message, error) { return n.api.Send(ctx, with, in) },
		func(m client.Message) tea.Msg { return sentMsg(m) })
	return func() tea.Msg {
		msg := send()
		if failed, ok := msg.(failedMsg); ok {
			failed.with, failed.text = with, in.Text
			return failed
		}
		return msg
	}
}

func (n node) settings() tea.Cmd {
	return do(n, n.api.Settings, func(list []client.Setting) tea.Msg {
		out := settingsMsg{}
		for _, s := range list {
			out[s.Name] = s.Value
		}
		return out
	})
}

func (n node) status() tea.Cmd {
	return do(n, n.api.Status, func(s client.Status) tea.Msg { return statusMsg(s) })
}

// tell is a call whose answer says nothing new: what follows comes as an event.
func (n node) tell(call func(context.Context) error) tea.Cmd {
	return do(n, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) },
		func(struct{}) tea.Msg { return nil })
}

// act is a call that is told of when it is done.
func (n node) act(note string, call func(context.Context) error, then ...tea.Cmd) tea.Cmd {
	return do(n, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) },
		func(struct{}) tea.Msg { return didMsg{note, then} })
}
