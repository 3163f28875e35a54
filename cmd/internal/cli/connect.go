package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

// session is a command's way to the account of its home.
type session struct {
	*client.Client
	live bool // a node runs; else this process has the store open
}

// task is what a command does in a session. It is run again when the node went
// away before it was done, so it must be safe to repeat: writes carry a key.
type task func(context.Context, session) error

// do runs task with the node of the home, or if none runs with the store alone.
func (a *app) do(ctx context.Context, t task) error {
	return a.retry(ctx, func() error {
		err := a.overSocket(ctx, t)
		if errors.Is(err, client.ErrUnreachable) {
			err = a.overStore(ctx, t)
		}
		return err
	})
}

// withNode runs task with the node of the home, and fails if none runs.
func (a *app) withNode(ctx context.Context, t task) error {
	return a.do(ctx, func(ctx context.Context, s session) error {
		if !s.live {
			return errNoNode
		}
		return t(ctx, s)
	})
}

// Where a node is just starting or dying, socket and lock are tried in turn for
// so long (rule 35), with growing breaks.
const (
	patience   = 5 * time.Second
	firstBreak = 20 * time.Millisecond
	lastBreak  = 200 * time.Millisecond
)

// retry repeats attempt while it finds the home taken by a process that does
// not answer. Only the breaks count against its patience: an attempt that
// lasted was one that had got through.
func (a *app) retry(ctx context.Context, attempt func() error) error {
	pause := firstBreak
	for waited := time.Duration(0); ; waited += pause {
		err := attempt()
		if !errors.Is(err, node.ErrLocked) && !errors.Is(err, client.ErrUnreachable) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if waited >= patience {
			return errHeld
		}
		pause = min(2*pause, lastBreak)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// overSocket runs task with the node that answers on the socket. It asks for a
// sign of life first: a node that is stopped or stuck must not hold up the
// command for ever.
func (a *app) overSocket(ctx context.Context, t task) error {
	c := client.Dial(a.home)
	defer c.Close()
	alive, cancel := context.WithTimeoutCause(ctx, patience, errHeld)
	_, err := c.Version(alive)
	cancel()
	if err != nil {
		return err
	}
	return t(ctx, session{c, true})
}

// overStore runs task on the store, for which it needs the home's lock.
func (a *app) overStore(ctx context.Context, t task) error {
	n, err := a.openExisting(ctx, node.Config{Offline: true})
	if err != nil {
		return err
	}
	defer n.Close()
	return t(ctx, session{client.New(api.Local(api.New(n, api.Options{}))), false})
}

// openExisting opens a node in the home, but makes neither home nor account.
func (a *app) openExisting(ctx context.Context, cfg node.Config) (*node.Node, error) {
	if !node.Exists(a.home) {
		return nil, errNoAccount
	}
	cfg.Home = a.home
	cfg, err := a.withPassphrase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return node.Open(ctx, cfg)
}

func newKey() string { return "once-" + rand.Text() }
