package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) nudgeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nudge WHO [--key KEY]",
		Short: "asks somebody for attention",
		Long: `Asks WHO for attention: a line in the conversation that rings a bell where they chat,
and says "👋 nudge" where nudges are not known. At most one a minute; more of theirs are
shown as plain text.`,
		Example: `  truce nudge ann`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			k := key(cmd)
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				m, err := s.Nudge(ctx, args[0], k)
				if err != nil {
					return err
				}
				a.noteQueued(m, s)
				return a.printMessage(m, a.recipients(ctx, s)(m))
			})
		},
	}
	keyFlag(cmd)
	return cmd
}
