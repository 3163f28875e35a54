package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/truce-im/truce/node"
)

// onHangUp says what SIGHUP does until done is called: it goes to hung, for reload. If
// standard input is a terminal, it ends the context instead, unless it was to be ignored
// all along. Windows sends none.
func (a *app) onHangUp(parent context.Context) (ctx context.Context, hung chan os.Signal, done func()) {
	hung = make(chan os.Signal, 1) // of several while one is acted on, one counts
	in, ok := a.In.(*os.File)
	switch terminal := ok && term.IsTerminal(int(in.Fd())); {
	case !terminal:
		signal.Notify(hung, syscall.SIGHUP)
		return parent, hung, func() { signal.Stop(hung) }
	case !signal.Ignored(syscall.SIGHUP):
		ctx, done = signal.NotifyContext(parent, syscall.SIGHUP)
		return ctx, hung, done
	}
	return parent, hung, func() {}
}

// reload has the node run as config.toml says by now, each time that it is hung up, until
// ctx ends.
func (a *app) reload(ctx context.Context, hung <-chan os.Signal, f *runFlags, n *node.Node, m *scrapes) {
	for {
		select {
		case <-hung:
		case <-ctx.Done():
			return
		}
		err := a.adopt(ctx, f, n, m)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			e := describe(err)
			a.note("nothing has changed: %s", e.Message)
		default:
			a.note("config.toml was read again")
		}
	}
}

// adopt changes all or nothing.
func (a *app) adopt(ctx context.Context, f *runFlags, n *node.Node, m *scrapes) error {
	w, err := a.wayBy(f)
	if err != nil {
		return err
	}
	before := m.at
	if err := m.serve(w.metrics); err != nil {
		return err
	}
	if err := n.Reconfigure(ctx, w.node); err != nil {
		return errors.Join(err, m.serve(before))
	}
	return nil
}
