package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) addCommand() *cobra.Command {
	var note string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "add LINK [NAME] [--note TEXT] [--wait DURATION]",
		Short: "asks the owner of a link to be your contact",
		Long: `Asks the owner of LINK to be your contact. NAME is what you call them; without it
they get the name in the link. With - the link is read from standard input.
With --wait the command waits for their answer. In place of a link you can give the
name or the address of somebody whom "truce nearby" lists: anybody can take a name, so
compare the address or the safety number with them.`,
		Example: `  truce add truce:4ld3… ann --note "Bob from the chess club"
  truce add Ann
  truce add - --wait 1m < link.txt`,
		Args: between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := client.AddRequest{Link: args[0], Note: note, Key: key(cmd)}
			if len(args) == 2 {
				in.Name = args[1]
			}
			if err := checkWait(wait); err != nil {
				return err
			}
			noLink, err := a.checkAdd(cmd.Context(), &in)
			if err != nil {
				return err
			}
			if noLink != nil && !node.Exists(a.home) {
				return noLink
			}
			if !cmd.Flags().Changed("wait") {
				return a.do(cmd.Context(), a.add(in, noLink, nil))
			}
			until := time.Now().Add(wait)
			return a.doWithin(cmd.Context(), a.add(in, noLink, &until))
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "a word to the person you ask")
	waitFlag(cmd, &wait, "wait so long for their answer")
	keyFlag(cmd)
	return cmd
}

// checkAdd reads and checks what is asked for. What is no link, but may be the
// name of somebody nearby, is an error of its own: only a running node can tell.
func (a *app) checkAdd(ctx context.Context, in *client.AddRequest) (noLink, err error) {
	if in.Link == "-" {
		if in.Link, err = a.readInput(ctx, wire.MaxLink); err != nil && err != errTooLong {
			return nil, err
		}
		in.Link = strings.TrimSpace(in.Link)
	}
	if in.Link == "" {
		e := usagef("the link is empty")
		e.Hint = "the other side gets theirs by `truce link`"
		return nil, e
	}
	if _, err := wire.ParseLink(in.Link); err != nil {
		e := usagef("%v", err)
		if wire.ErrorClass(err) != "link-scheme" {
			return nil, e
		}
		e.Hint = "while a node runs it can be the name of somebody nearby"
		noLink = e
	}
	if err := chat.InputError(wire.CheckNote(in.Note)); err != nil {
		return nil, err
	}
	return noLink, checkName(in.Name)
}

// add asks, and then waits for an answer, unless until is nil. noLink is nil, or
// what to say if nobody nearby is meant either.
func (a *app) add(in client.AddRequest, noLink error, until *time.Time) task {
	return func(ctx context.Context, s session) error {
		if noLink != nil && !s.live {
			return noLink
		}
		c, err := s.Add(ctx, in)
		if err != nil {
			return err
		}
		if until != nil {
			if c.Contact, err = s.WaitContact(ctx, c.Account, time.Until(*until)); err != nil {
				return err
			}
		}
		if c.Notice != "" {
			a.note("%s", c.Notice)
		}
		if c.State == "asked" && !s.live {
			a.note("no node runs in this home: the request is queued and goes out when one runs")
		}
		if err := a.printContact(c.Contact); err != nil {
			return err
		}
		switch {
		case c.State == "declined":
			e := refusedf("%s declined", c.Name)
			e.Hint = "you can ask again with a new link of theirs"
			return e
		case until != nil && c.State == "asked":
			return timeout("%s has not answered yet; the request stays queued", c.Name)
		}
		return nil
	}
}
