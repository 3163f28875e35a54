package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) compactCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compact",
		Short: "rewrites this home's file, without what was deleted",
		Long: `Rewrites the file that holds your messages under a new key. What was deleted is
not in it any more, in any form, and the file may become smaller. A node that runs
goes on meanwhile; it does the same by itself some time after something was deleted,
when nobody uses it. The disk needs room for a second copy of the file.`,
		Example: `  truce compact`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.compact(cmd.Context())
		},
	}
}

func (a *app) compact(ctx context.Context) (err error) {
	var out client.Compacted
	size := node.Size(a.home)
	p := a.progress("compact", size, term.Bytes)
	defer p.Done()
	shown := int64(0)
	progress := func(done, total uint64) {
		now := int64(float64(size) * float64(done) / float64(max(total, 1)))
		p.Add(now - shown)
		shown = now
	}
	err = a.retry(ctx, func() error {
		err := a.overSocket(ctx, func(ctx context.Context, s session) (err error) {
			out, err = s.Compact(ctx, progress)
			return err
		})
		if errors.Is(err, client.ErrUnreachable) {
			out, err = a.compactStore(ctx, progress)
		}
		return err
	})
	p.Done()
	if err != nil {
		return err
	}
	return a.result(out, "%s before, %s now", term.Size(out.Before), term.Size(out.After))
}

// compactStore does it where no node runs.
func (a *app) compactStore(ctx context.Context, progress func(done, total uint64)) (out client.Compacted, err error) {
	n, err := a.openExisting(ctx, node.Config{Offline: true})
	if err != nil {
		return out, err
	}
	c, err := n.Compact(ctx, progress)
	return client.Compacted(c), errors.Join(err, n.Close())
}
