package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) peersCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "peers",
		Short:   "lists the open connections of the node",
		Example: `  truce peers`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := s.Peers(ctx)
				if err != nil {
					return err
				}
				if !s.live {
					a.note("no node runs in this home, so there are no connections")
				}
				return rows(a, list, "name via transport rtt address peer", func(p client.Peer) []string {
					return []string{p.Name, p.Via, p.Transport, fmt.Sprintf("%d ms", p.RTT), p.Addr, p.PeerID}
				})
			})
		},
	}
}
