package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
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
	err := a.retry(ctx, func() error {
		err := a.overSocket(ctx, func(ctx context.Context, s session) error {
			stopped = true
			return s.Stop(ctx)
		})
		if errors.Is(err, client.ErrUnreachable) {
			err = a.free(ctx)
		}
		return err
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

// stopTime is how long a node that agreed to stop may take: it says goodbye to
// peers who may not answer any more.
const stopTime = 30 * time.Second

// gone waits until the node has left the home.
func (a *app) gone(ctx context.Context) error {
	for began := time.Now(); ; {
		err := a.retry(ctx, func() error { return a.free(ctx) })
		if err != errHeld || time.Since(began) > stopTime {
			return err
		}
	}
}

// free fails with node.ErrLocked while a node holds the home. It needs no
// passphrase.
func (a *app) free(ctx context.Context) error {
	n, err := node.Open(ctx, node.Config{Home: a.home, Offline: true})
	if errors.Is(err, node.ErrProtected) {
		return nil
	}
	if err != nil {
		return err
	}
	return n.Close()
}
