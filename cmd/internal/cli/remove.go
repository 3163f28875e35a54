package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) removeCommand() *cobra.Command {
	return a.turnCommand(&cobra.Command{
		Use:   "remove WHO",
		Short: "ends the relation with a contact",
		Long: `Removes a contact. They are told, once. What they have not got yet is never sent:
it fails and its text is erased. What was said stays in your history. To be
contacts again one of you has to ask the other, with a link.`,
		Example: `  truce remove bob`,
	}, func(ctx context.Context, s session, who string) (client.Changed, string, error) {
		c, err := s.Remove(ctx, who)
		return c, "removed", err
	})
}

func (a *app) blockCommand() *cobra.Command {
	return a.turnCommand(&cobra.Command{
		Use:   "block WHO",
		Short: "makes a stranger of somebody, who cannot tell",
		Long: `Blocks somebody. They are not told, and see you as somebody who is offline; what
they send waits on their side. Your link is reset, so that the one they have is
worth nothing: give your other friends, if they have not asked yet, the new one.`,
		Example: `  truce block mallory`,
	}, func(ctx context.Context, s session, who string) (client.Changed, string, error) {
		c, err := s.Block(ctx, who)
		if err == nil && c.Notice == "" {
			a.note("your link was changed too: `truce link` shows the new one")
		}
		return c, "blocked", err
	})
}

func (a *app) unblockCommand() *cobra.Command {
	return a.turnCommand(&cobra.Command{
		Use:     "unblock WHO",
		Short:   "undoes block; what waited on either side arrives",
		Example: `  truce unblock mallory`,
	}, func(ctx context.Context, s session, who string) (client.Changed, string, error) {
		c, err := s.Unblock(ctx, who)
		return c, contactState(c.Contact), err
	})
}

// turnCommand completes a command that changes how a contact stands. turn
// returns the contact and how it stands now, in words.
func (a *app) turnCommand(cmd *cobra.Command, turn func(context.Context, session, string) (client.Changed, string, error)) *cobra.Command {
	cmd.Args = between(1, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkWho(args[0]); err != nil {
			return err
		}
		return a.do(cmd.Context(), func(ctx context.Context, s session) error {
			c, state, err := turn(ctx, s, args[0])
			if err != nil {
				return err
			}
			if c.Notice != "" {
				a.note("%s", c.Notice)
			}
			return a.result(c.Contact, "%s: %s", c.Name, state)
		})
	}
	keyFlag(cmd)
	return cmd
}
