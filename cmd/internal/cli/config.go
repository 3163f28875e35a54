package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config [NAME [VALUE]]",
		Short: "shows or changes settings",
		Example: `  truce config
  truce config read_receipts false`,
		Args: between(0, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := settings(ctx, s, args)
				if err != nil {
					return err
				}
				return rows(a, list, "name value", func(s client.Setting) []string {
					return []string{s.Name, s.Value}
				})
			})
		},
	}
	keyFlag(cmd)
	return cmd
}

func settings(ctx context.Context, s session, args []string) ([]client.Setting, error) {
	var one client.Setting
	var err error
	switch len(args) {
	case 0:
		return s.Settings(ctx)
	case 1:
		one, err = s.Setting(ctx, args[0])
	case 2:
		one, err = s.SetSetting(ctx, args[0], args[1])
	}
	return []client.Setting{one}, err
}
