package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) requestsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "requests",
		Short:   "lists those who ask to be your contact",
		Example: `  truce requests`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := s.Requests(ctx)
				if err != nil {
					return err
				}
				a.none(len(list), "nobody asks you now; `truce link` shows what to give to a friend")
				return rows(a, list, "name note asked account", func(r client.Request) []string {
					return []string{r.Name, r.Note, local(r.Time, dateTime), r.Account}
				})
			})
		},
	}
}

func (a *app) acceptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "accept WHO [NAME]",
		Short: "makes somebody who asks you a contact",
		Long: `Accepts the request of WHO, who is called NAME from then on, or else by the name
they suggest.`,
		Example: `  truce accept bob
  truce accept bob "Bob (chess)"`,
		Args: between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 2 {
				name = args[1]
			}
			if err := checkWho(args[0]); err != nil {
				return err
			}
			if err := checkName(name); err != nil {
				return err
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				c, err := s.Accept(ctx, args[0], name)
				if err != nil {
					return err
				}
				if c.Notice != "" {
					a.note("%s", c.Notice)
				}
				return a.printContact(c.Contact)
			})
		},
	}
	keyFlag(cmd)
	return cmd
}

func (a *app) declineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "decline WHO",
		Short:   "refuses somebody who asks you",
		Example: `  truce decline mallory`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				c, err := s.Decline(ctx, args[0])
				if err != nil {
					return err
				}
				return a.printContact(c)
			})
		},
	}
	keyFlag(cmd)
	return cmd
}
