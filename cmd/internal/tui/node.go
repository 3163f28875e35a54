package tui

import (
	"context"
	"errors"

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
	failedMsg struct{ err error }

	peopleMsg struct {
		me       client.Identity
		contacts []client.Contact
		requests []client.Request
	}
	// pageMsg is a part of a conversation, next to what was there.
	pageMsg struct {
		with string
		at   edge
		list []client.Message
	}
	sentMsg client.Message
)

// edge says where a page belongs.
type edge int

const (
	newest edge = iota // in the place of everything
	older              // before
	newer              // behind
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
			return failedMsg{err}
		}
		return done(v)
	}
}

func (n node) people() tea.Cmd {
	return do(n, func(ctx context.Context) (p peopleMsg, err error) {
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

func (n node) page(with string, at edge, next string) tea.Cmd {
	in := client.HistoryRequest{N: pageSize}
	switch at {
	case older:
		in.Before = next
	case newer:
		in.After = next
	}
	return do(n, func(ctx context.Context) ([]client.Message, error) { return n.api.History(ctx, with, in) },
		func(list []client.Message) tea.Msg { return pageMsg{with, at, list} })
}

func (n node) send(with string, in client.SendRequest) tea.Cmd {
	return do(n, func(ctx context.Context) (client.Message, error) { return n.api.Send(ctx, with, in) },
		func(m client.Message) tea.Msg { return sentMsg(m) })
}

// tell is a call whose answer says nothing new: what follows comes as an event.
func (n node) tell(call func(context.Context) error) tea.Cmd {
	return do(n, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) },
		func(struct{}) tea.Msg { return nil })
}
