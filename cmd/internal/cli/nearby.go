package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) nearbyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "nearby",
		Short: "lists people on this network who let themselves be seen",
		Long: `Lists people on this network who let everybody there see their name and address. "truce
add NAME" asks one of them to be your contact. You are not seen yourself unless you
choose to be: "truce config nearby true". Anybody can take any name: compare the address
or the safety number with them.`,
		Example: `  truce nearby
  truce config nearby true`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withNode(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := s.Nearby(ctx)
				if err != nil {
					return err
				}
				if len(list) == 0 && !a.json {
					a.note("nobody on this network lets themselves be seen; `truce config nearby true` shows you to them")
				}
				return rows(a, list, "name account peer", func(x client.Neighbour) []string {
					return []string{x.Name, x.Account, x.PeerID}
				})
			})
		},
	}
}
