package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
)

func (a *app) initCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "init [--name NAME]",
		Short: "makes your account, without questions",
		Long: `Makes the account of this home. If there is one already, nothing changes.
NAME is what others see when you ask them to be a contact.`,
		Example: `  truce init --name Ann`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkName(name); err != nil {
				return err
			}
			return a.init(cmd.Context(), name)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what others are offered as your name")
	keyFlag(cmd)
	return cmd
}

func (a *app) init(ctx context.Context, name string) error {
	existed := node.Exists(a.home)
	if !existed {
		n, err := a.openToStay(ctx, node.Config{Name: name, Offline: true})
		if err != nil {
			return err
		}
		if err := n.Close(); err != nil {
			return err
		}
	}
	return a.do(ctx, func(ctx context.Context, s session) error {
		id, err := s.ID(ctx)
		if err != nil {
			return err
		}
		switch {
		case existed && name != "" && name != id.Name:
			a.note("this home has an account already; its name stays %q", id.Name)
		case existed:
			a.note("this home has an account already; nothing was changed")
		case !id.Protected:
			a.note("%s", notProtected)
		}
		return a.printID(id)
	})
}

const notProtected = "this home is not protected by a passphrase: whoever can read its files can be you"
