package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
)

func (a *app) stopCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "ends the node of this home cleanly",
		Long: `Ends the node that runs in this home, and returns once it has ended. If none runs
there is nothing to do.`,
		Example: `  truce stop`,
		Args:    between(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.stop(cmd.Context()) },
	}
}

func (a *app) stop(ctx context.Context) error {
	if !node.Exists(a.home) {
		a.note("no node runs in this home")
		return nil
	}
	stopped := false
	err := a.do(ctx, func(ctx context.Context, s session) error {
		if !s.live {
			return nil // the lock was free
		}
		stopped = true
		return s.Stop(ctx)
	})
	if err != nil {
		return err
	}
	if !stopped {
		a.note("no node runs in this home")
		return nil
	}
	return a.gone(ctx)
}

// gone waits until the lock of the home is free.
func (a *app) gone(ctx context.Context) error {
	return a.retry(ctx, func() error {
		n, err := a.openExisting(ctx, node.Config{Offline: true})
		if err != nil {
			return err
		}
		return n.Close()
	})
}
