package cli

import (
	"context"
	"errors"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

// hosted is a node that runs in this process and answers on the home's socket.
type hosted struct {
	*node.Node
	cancel context.CancelFunc
	served chan error
}

// host puts n on the socket, and owns it from then on, also if that fails.
func host(n *node.Node, opt api.Options) (*hosted, error) {
	l, err := api.Listen(n.Home())
	if err != nil {
		n.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &hosted{n, cancel, make(chan error, 1)}
	go func() { h.served <- api.Serve(ctx, l, api.New(n, opt)) }()
	return h, nil
}

// Close ends the answers and then the node, which says goodbye.
func (h *hosted) Close() error {
	h.cancel()
	return errors.Join(<-h.served, h.Node.Close())
}

// openToStay opens a node that means to keep the home. A node that runs on
// behalf of a single command is asked to hand over; any other one refuses.
func (a *app) openToStay(ctx context.Context, cfg node.Config) (n *node.Node, err error) {
	cfg.Home = a.home
	if cfg, err = a.withPassphrase(ctx, cfg); err != nil {
		return nil, err
	}
	err = a.retry(ctx, func() error {
		n, err = node.Open(ctx, cfg)
		if !errors.Is(err, node.ErrLocked) {
			return err
		}
		c := client.Dial(a.home)
		defer c.Close()
		asking, cancel := context.WithTimeoutCause(ctx, patience, errHeld)
		defer cancel()
		switch refused := c.HandOver(asking); {
		case isRefusal(refused):
			told := *describe(refused)
			told.Code = client.CodeFailed
			return &told
		case refused != nil && !errors.Is(refused, client.ErrUnreachable):
			return refused
		}
		return err
	})
	clear(a.pass)
	a.pass = nil // a node that runs long does without
	return n, err
}

// isRefusal reports whether a node answered that it stays.
func isRefusal(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Code == client.CodeRefused
}

// doWithin is do for a command that waits for the network: if no node runs, it
// runs one itself until task is done. That node hands the home over to one that
// comes to stay, and the task goes on with it.
func (a *app) doWithin(ctx context.Context, t task) error {
	for {
		handed := false
		err := a.retry(ctx, func() error {
			err := a.overSocket(ctx, t)
			if errors.Is(err, client.ErrUnreachable) && !handed {
				err = a.overOwnNode(ctx, t, &handed)
			}
			return err
		})
		if !handed || err != errHeld {
			return err
		}
		// The one that asked for the home never came: go on without it.
	}
}

func (a *app) overOwnNode(ctx context.Context, t task, handed *bool) error {
	cfg, err := a.configured(node.Config{})
	if err != nil {
		return err
	}
	n, err := a.openExisting(ctx, cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	asked, ask := context.WithCancel(ctx)
	defer ask()
	h, err := host(n, api.Options{Stop: func() { cancel(errStopped) }, HandOver: ask})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- a.overSocket(ctx, t) }()
	select {
	case err := <-done:
		h.Close()
		return err
	case <-asked.Done():
		*handed = true
		h.Close() // ends what the task waits for
		return <-done
	}
}
