package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) cancelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cancel ID [--key KEY]",
		Short: "takes back a message that has not left yet",
		Long: `Takes back a message of yours that waits on this disk: nobody has it, and nobody will
get it. One that was delivered, or is on its way and may be, is refused with status
4: "truce delete" takes it back from both sides.`,
		Example: `  truce cancel 3f9a01c2`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			k := key(cmd)
			return a.onMessage(cmd, args[0], func(ctx context.Context, s session) (client.Message, error) {
				return s.Cancel(ctx, args[0], k)
			})
		},
	}
	keyFlag(cmd)
	return cmd
}
