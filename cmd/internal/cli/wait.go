package cli

import (
	"context"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

func (a *app) waitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "wait ID [DURATION]",
		Short: "waits until a message is delivered",
		Long: `Waits until the message is delivered, for as long as DURATION or else for ever.
The status is 0 once it is delivered, 4 if it never will be, 5 when time ran out.`,
		Example: `  truce wait 3f9a01c2 30s`,
		Args:    between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkID(args[0]); err != nil {
				return err
			}
			until := time.Now().Add(math.MaxInt64)
			if len(args) == 2 {
				d, err := time.ParseDuration(args[1])
				if err != nil {
					return usagef("%q is no duration such as 10s or 2m", args[1])
				}
				if err := checkWait(d); err != nil {
					return err
				}
				until = time.Now().Add(d)
			}
			return a.wait(cmd.Context(), args[0], until)
		},
	}
}

// wait follows a message from one node of the home to the next, and looks into
// the store where none runs.
func (a *app) wait(ctx context.Context, id string, until time.Time) error {
	var m client.Message
	var to string
	told := false
	for {
		live := false
		err := a.do(ctx, func(ctx context.Context, s session) (err error) {
			live = s.live
			if !live {
				m, err = s.Message(ctx, id)
			} else {
				m, err = s.Wait(ctx, id, time.Until(until))
			}
			if err == nil {
				to = a.recipients(ctx, s)(m)
			}
			return err
		})
		if err != nil {
			return err
		}
		id = m.ID
		if live || m.Settled() || !time.Now().Before(until) {
			return a.settled(m, to)
		}
		if !told {
			a.note("no node runs in this home: waiting for one")
			told = true
		}
		if err := sleep(ctx, min(lookBreak, time.Until(until))); err != nil {
			return err
		}
	}
}

// lookBreak parts two looks for a node that has come up.
const lookBreak = 500 * time.Millisecond

// settled prints m to somebody, for which the command waited, and fails unless it
// arrived.
func (a *app) settled(m client.Message, to string) error {
	if err := a.printMessage(m, to); err != nil {
		return err
	}
	switch {
	case m.State == "failed":
		return refusedf("the message was not delivered: %s", m.Why)
	case m.Settled():
		return nil
	case m.Why != "":
		return timeout("time ran out: the message is not delivered yet and stays queued: %s", m.Why)
	}
	return timeout("time ran out: the message is not delivered yet and stays queued")
}

func timeout(format string, args ...any) error {
	e := usagef(format, args...)
	e.Code = client.CodeTimeout
	return e
}

// waitFlag adds --wait.
func waitFlag(cmd *cobra.Command, d *time.Duration, usage string) {
	cmd.Flags().DurationVar(d, "wait", 0, usage)
}

func checkWait(d time.Duration) error {
	if d < 0 {
		return usagef("a duration cannot be negative")
	}
	return nil
}
