package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) linkCommand() *cobra.Command {
	var reset bool
	cmd := &cobra.Command{
		Use:   "link [--reset]",
		Short: "prints the link that you give to friends",
		Long: `Prints your link. Whoever holds it can find you and ask to be a contact.
With --reset you get a new one, and all that you gave out before stop working;
contacts are not affected.`,
		Example: `  truce link
  truce link --reset`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				get := s.Link
				if reset {
					get = s.ResetLink
				}
				link, err := get(ctx)
				if err != nil {
					return err
				}
				return a.result(struct {
					Link string `json:"link"`
				}{link}, "%s", link)
			})
		},
	}
	cmd.Flags().BoolVar(&reset, "reset", false, "make a new link and retire every earlier one")
	return cmd
}
