package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) sendCommand() *cobra.Command {
	var in client.SendRequest
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "send WHO TEXT… [--wait DURATION] [--reply-to ID] [--key KEY]",
		Short: "sends a message",
		Long: `Sends a message. It is safe on your disk when the command returns, and goes out as
soon as both of you are there; with --wait the command waits until it is delivered.
With - in place of TEXT the message is read from standard input. Text that begins
with - goes after --.`,
		Example: `  truce send ann hello, how are you?
  truce send ann --wait 10s -- -5 degrees here
  fortune | truce send ann -`,
		Args: between(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			if cmd.Flags().Changed("reply-to") {
				if err := checkID(in.ReplyTo); err != nil {
					return err
				}
			}
			if err := checkWait(wait); err != nil {
				return err
			}
			text, err := a.text(cmd.Context(), args[1:])
			if err != nil {
				return err
			}
			in.Text, in.Key = text, key(cmd)
			if !cmd.Flags().Changed("wait") {
				return a.do(cmd.Context(), a.send(args[0], in))
			}
			return a.doWithin(cmd.Context(), a.sendAndWait(args[0], in, time.Now().Add(wait)))
		},
	}
	cmd.Flags().StringVar(&in.ReplyTo, "reply-to", "", "the message that this one answers")
	waitFlag(cmd, &wait, "wait so long until it is delivered")
	keyFlag(cmd)
	return cmd
}

func (a *app) send(who string, in client.SendRequest) task {
	return func(ctx context.Context, s session) error {
		m, err := s.Send(ctx, who, in)
		if err != nil {
			return err
		}
		a.noteEarlier(m, in)
		a.noteQueued(m, s)
		return a.printMessage(m, a.recipients(ctx, s)(m))
	}
}

func (a *app) sendAndWait(who string, in client.SendRequest, until time.Time) task {
	return func(ctx context.Context, s session) error {
		m, err := s.Send(ctx, who, in)
		if err != nil {
			return err
		}
		a.noteEarlier(m, in)
		if m, err = s.Wait(ctx, m.ID, time.Until(until)); err != nil {
			return err
		}
		return a.settled(m, a.recipients(ctx, s)(m))
	}
}

// noteQueued says so if m waits for a node to run.
func (a *app) noteQueued(m client.Message, s session) {
	if !s.live && !m.Settled() {
		a.note("no node runs in this home: the message is queued and goes out when one runs")
	}
}

// noteEarlier says so if the key of in stands for an earlier message.
func (a *app) noteEarlier(m client.Message, in client.SendRequest) {
	if m.Text != in.Text && !m.Edited && !m.Deleted {
		a.note("this key was used before: the message of then is shown, and this text was not sent")
	}
}
