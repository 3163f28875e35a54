package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) historyCommand() *cobra.Command {
	var in client.HistoryRequest
	cmd := &cobra.Command{
		Use:   "history WHO [-n N] [--before ID] [--after ID]",
		Short: "shows a conversation",
		Long: `Shows the newest N messages of a conversation, oldest first. With --before they are
those that stand before a message, with --after the first N that follow it, with both
the newest of what lies between.`,
		Example: `  truce history ann
  truce history ann -n 10 --before 3f9a01c2`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			if in.N < 1 {
				return usagef("-n must be at least 1")
			}
			for flag, id := range map[string]string{"before": in.Before, "after": in.After} {
				if cmd.Flags().Changed(flag) {
					if err := checkID(id); err != nil {
						return err
					}
				}
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := history(ctx, s, args[0], in)
				if err != nil {
					return err
				}
				a.none(len(list), "there are no messages")
				return a.printMessages(ctx, s, list)
			})
		},
	}
	cmd.Flags().IntVarP(&in.N, "number", "n", 50, "how many messages")
	cmd.Flags().StringVar(&in.Before, "before", "", "only messages before this one")
	cmd.Flags().StringVar(&in.After, "after", "", "only messages after this one")
	return cmd
}

// history reads page by page: the node answers with no more than MaxHistory.
func history(ctx context.Context, s session, who string, in client.HistoryRequest) ([]client.Message, error) {
	forward := in.After != "" && in.Before == ""
	var pages [][]client.Message
	for left := in.N; left > 0; {
		in.N = min(left, client.MaxHistory)
		page, err := s.History(ctx, who, in)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
		if len(page) < in.N {
			break
		}
		left -= len(page)
		if forward {
			in.After = page[len(page)-1].ID
		} else {
			in.Before = page[0].ID
		}
	}
	if !forward {
		slices.Reverse(pages)
	}
	return slices.Concat(pages...), nil
}

func (a *app) outboxCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "outbox",
		Short:   "lists the messages that are not delivered yet",
		Example: `  truce outbox`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				list, err := s.Outbox(ctx)
				if err != nil {
					return err
				}
				a.none(len(list), "nothing waits to be delivered")
				return a.printMessages(ctx, s, list)
			})
		},
	}
}

func (a *app) readCommand() *cobra.Command {
	var upTo string
	cmd := &cobra.Command{
		Use:     "read WHO [--up-to ID]",
		Short:   "marks the messages of a contact as read",
		Example: `  truce read ann`,
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			if cmd.Flags().Changed("up-to") {
				if err := checkID(upTo); err != nil {
					return err
				}
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				n, err := s.Read(ctx, args[0], upTo)
				if err != nil {
					return err
				}
				return a.result(n, "%d unread", n.Unread)
			})
		},
	}
	cmd.Flags().StringVar(&upTo, "up-to", "", "the last message that was read")
	keyFlag(cmd)
	return cmd
}
