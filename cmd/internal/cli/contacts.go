package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) contactsCommand() *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:   "contacts [--group GROUP]",
		Short: "lists your contacts",
		Long: `Lists your contacts, with --group those in that group. Those in state "asked" have not
answered you yet; those who ask you are listed by "truce requests".`,
		Example: `  truce contacts
  truce contacts --group chess`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("group") {
				if err := checkGroups([]string{group}); err != nil {
					return err
				}
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := s.ContactsIn(ctx, group)
				if err != nil {
					return err
				}
				if group == "" {
					a.none(len(list), "no contacts yet; `truce add LINK` asks somebody")
				} else {
					a.none(len(list), "nobody is in that group; `truce group WHO GROUP` puts somebody there")
				}
				if err := rows(a, list, "name state presence unread verified last-seen account", contactColumns); err != nil {
					return err
				}
				for _, c := range list {
					if c.Why != "" {
						a.note("%s: %s", c.Name, c.Why)
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&group, "group", "", "those in this group")
	cmd.RegisterFlagCompletionFunc("group", func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return beginning(a.known(cmd, groupNames), begun), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func contactColumns(c client.Contact) []string {
	return []string{
		c.Name, c.State, how(c.Presence, c.Status), strconv.FormatUint(c.Unread, 10), yes(c.Verified),
		local(c.LastSeen, dateTime), c.Account,
	}
}

// how says how somebody is there: in their own words, too.
func how(presence, status string) string {
	if status == "" {
		return presence
	}
	return presence + ": " + term.Brief(status, 30)
}

func (a *app) printContact(c client.Contact) error {
	return a.result(c, "%s: %s", c.Name, contactState(c))
}

// contactState tells the state of a contact in words, but not how they are there.
func contactState(c client.Contact) string {
	switch c.State {
	case "asked":
		return "asked, has not answered yet"
	case "accepted":
		if c.Why != "" {
			return "a contact; " + c.Why
		}
		return "a contact"
	}
	return c.State
}

func (a *app) renameCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rename WHO NAME",
		Short:   "gives a contact another name, for you alone",
		Example: `  truce rename bob "Bob (chess)"`,
		Args:    between(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			if args[1] == "" {
				return usagef("the new name is empty")
			}
			if err := checkName(args[1]); err != nil {
				return err
			}
			once := key(cmd)
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				c, err := s.Rename(ctx, args[0], args[1], once)
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
