package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "shows one message",
		Long: `Shows one message. ID is its whole id, or the first 6 or more digits if no other
begins so.`,
		Example: `  truce show 3f9a01c2`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onMessage(cmd, args[0], func(ctx context.Context, s session) (client.Message, error) {
				return s.Message(ctx, args[0])
			})
		},
	}
}

func (a *app) editCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "edit ID TEXT… [--key KEY]",
		Short: "changes the text of a message that you sent",
		Example: `  truce edit 3f9a01c2 hello, how are you?
  truce edit 3f9a01c2 - < text.txt`,
		Args: between(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkID(args[0]); err != nil {
				return err
			}
			text, err := a.text(cmd.Context(), args[1:])
			if err != nil {
				return err
			}
			k := key(cmd)
			return a.onMessage(cmd, args[0], func(ctx context.Context, s session) (client.Message, error) {
				return s.Edit(ctx, args[0], text, k)
			})
		},
	}
	keyFlag(cmd)
	return cmd
}

func (a *app) deleteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete ID [--key KEY]",
		Short:   "deletes a message that you sent, for both sides",
		Example: `  truce delete 3f9a01c2`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			k := key(cmd)
			return a.onMessage(cmd, args[0], func(ctx context.Context, s session) (client.Message, error) {
				return s.Delete(ctx, args[0], k)
			})
		},
	}
	keyFlag(cmd)
	return cmd
}

func (a *app) reactCommand() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "react ID EMOJI [--remove] [--key KEY]",
		Short: "puts an emoji on a message",
		Example: `  truce react 3f9a01c2 👍
  truce react 3f9a01c2 👍 --remove`,
		Args: between(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkID(args[0]); err != nil {
				return err
			}
			if err := chat.CheckReaction(args[1], remove); err != nil {
				return err
			}
			k := key(cmd)
			return a.onMessage(cmd, args[0], func(ctx context.Context, s session) (client.Message, error) {
				return s.React(ctx, args[0], args[1], remove, k)
			})
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take it off again")
	keyFlag(cmd)
	return cmd
}

// onMessage runs one request about the message id, and prints its answer.
func (a *app) onMessage(cmd *cobra.Command, id string, request func(context.Context, session) (client.Message, error)) error {
	if err := checkID(id); err != nil {
		return err
	}
	return a.do(cmd.Context(), func(ctx context.Context, s session) error {
		m, err := request(ctx, s)
		if err != nil {
			return err
		}
		return a.printMessage(m, a.recipients(ctx, s)(m))
	})
}
