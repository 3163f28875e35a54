package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) watchCommand() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "watch [--since CURSOR]",
		Short: "prints what happens, until it is interrupted",
		Long: `Prints what happens, until it is interrupted. With --json each line carries a cursor:
with --since it goes on after that one, and leaves nothing out. When somebody comes of
whom "truce tell" is to tell, the event has "tell":true, and a terminal rings.`,
		Example: `  truce watch --json`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("since") && since == "" {
				e := usagef("--since is empty")
				e.Hint = "leave it out to begin now"
				return e
			}
			return a.withNode(cmd.Context(), func(ctx context.Context, s session) error {
				err := a.watch(ctx, s.Client, since, false)
				if errors.Is(err, client.ErrUnreachable) {
					return errStopped
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "go on after this cursor")
	return cmd
}

// watch prints what happens after since until ctx ends or the node stops.
func (a *app) watch(ctx context.Context, c *client.Client, since string, skipFirst bool) error {
	p := &eventPrinter{app: a, client: c}
	for e, err := range c.Events(ctx, since) {
		if err != nil {
			return err
		}
		if skipFirst {
			skipFirst = false
			continue
		}
		if err := p.print(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// printEvents prints what happens in the node of this process.
func (a *app) printEvents(ctx context.Context, since string) error {
	c := client.Dial(a.home)
	defer c.Close()
	return a.watch(ctx, c, since, true)
}

// eventPrinter prints events for programs or for people; for these it keeps the
// names of contacts.
type eventPrinter struct {
	*app
	client *client.Client
	to     func(client.Message) string // nil: ask anew
	rang   string                      // id of the nudge that rang last
	state  string                      // the last line, if it told the state of a contact
}

func (p *eventPrinter) print(ctx context.Context, e client.Event) error {
	if p.json {
		return p.row(e)
	}
	switch {
	case e.Message != nil:
		if p.to == nil {
			p.to = p.recipients(ctx, session{p.client, true})
		}
		bell := ""
		if e.Nudges() && e.Message.ID != p.rang {
			p.rang, bell = e.Message.ID, p.bell()
		}
		return p.printf("%s%s\n", messageText(*e.Message, p.to(*e.Message)), bell)
	case e.Contact != nil:
		p.to = nil
		what := e.Contact.Name + did(e)
		if what == p.state {
			return nil // something changed that a line does not show
		}
		if p.state = ""; e.Event == client.EventContact {
			p.state = what
		}
		bell := ""
		if e.Tell {
			bell = p.bell()
		}
		return p.printf("%s  %s%s\n", local(e.Time, dateTime), term.Printable(what), bell)
	case e.Event == client.EventNode && e.What == "self":
		return nil // the node began anew
	}
	return p.printf("%s  %s\n", local(e.Time, dateTime), term.Printable(happened(e)))
}

// happened says what an event tells that is about neither a message nor a contact.
func happened(e client.Event) string {
	switch {
	case e.Event == client.EventReset:
		return "what happened before is unknown: go on from cursor " + e.Cursor
	case e.What == "watching":
		return "watching from cursor " + e.Cursor
	case strings.HasPrefix(e.What, "setting "):
		return e.What + " changed"
	}
	return e.What
}

// did says what the contact of an event does, or is now, after the name.
func did(e client.Event) string {
	switch {
	case e.Tell:
		return " is here"
	case e.Event == client.EventPresence:
		return " is " + how(e.Contact.Presence, e.Contact.Status)
	case e.Event == client.EventTyping && e.Contact.Typing:
		return " is writing…"
	case e.Event == client.EventTyping:
		return " has stopped writing"
	}
	return ": " + contactState(*e.Contact)
}
