package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) idCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "id",
		Short:   "tells who you are",
		Example: `  truce id`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				id, err := s.ID(ctx)
				if err != nil {
					return err
				}
				return a.printID(id)
			})
		},
	}
}

func (a *app) printID(id client.Identity) error {
	if a.json {
		return a.row(id)
	}
	protected := "yes"
	if !id.Protected {
		protected = "no: " + notProtected
	}
	for _, f := range [][2]string{
		{"account", id.Account},
		{"name", id.Name},
		{"link", id.Link},
		{"home", a.home},
		{"protected", protected},
		{"peer id", id.PeerID},
		{"addresses", strings.Join(id.Addrs, " ")},
	} {
		if f[1] == "" {
			continue
		}
		if err := a.printf("%-10s %s\n", f[0], term.Printable(f[1])); err != nil {
			return err
		}
	}
	return nil
}
