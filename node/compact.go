package node

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/truce-im/truce/storage"
)

// Compacted is what a rewrite did to the store's file: its size in bytes.
type Compacted struct {
	Before int64
	After  int64
}

// Compact rewrites the store under a new data key: what was deleted is not in
// the file any more, and who knew the old key cannot open it (rule 26). The node
// goes on meanwhile. progress is called now and then with how much is done; it
// may be nil. On an error, also that of ctx, nothing has changed. The disk needs
// room for a second copy of the store.
func (n *Node) Compact(ctx context.Context, progress func(done, total uint64)) (Compacted, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(n.alive, func() { cancel(storage.ErrClosed) })()
	n.rewrites.yield()
	if err := n.rewrites.take(ctx); err != nil {
		return Compacted{}, failed(err, "")
	}
	defer n.rewrites.release()
	c, err := n.rewrite(ctx, storage.RewriteOptions{Progress: progress})
	if err != nil {
		return c, failed(err, "")
	}
	return c, nil
}

// rewrites lets one rewrite run at a time.
type rewrites struct {
	turn chan struct{} // holds one token: its holder rewrites

	mu   sync.Mutex
	idle context.CancelFunc // ends the one that nobody waits for; nil: none runs
}

func newRewrites() *rewrites { return &rewrites{turn: make(chan struct{}, 1)} }

func (r *rewrites) take(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *rewrites) release() { <-r.turn }

// yield ends the rewrite that nobody waits for.
func (r *rewrites) yield() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle != nil {
		r.idle()
	}
}

func (r *rewrites) setIdle(cancel context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = cancel
}

// rewrite rewrites the store. It is the caller's turn.
func (n *Node) rewrite(ctx context.Context, opt storage.RewriteOptions) (c Compacted, err error) {
	store := n.home.store
	if err := n.home.keys.settled(); err != nil {
		return c, err
	}
	if c.Before, err = store.Size(); err != nil {
		return c, err
	}
	rand.Read(opt.Key[:])
	opt.Born = birthOf
	r, err := store.Rewrite(ctx, opt)
	if err != nil {
		return c, err
	}
	err = r.Copy(ctx)
	if err == nil {
		err = n.home.replaceStore(ctx, r, opt.Key)
	}
	if err = errors.Join(err, r.Close()); err == nil {
		c.After, err = store.Size()
	}
	return c, err
}

// replaceStore puts what r made in place, once nobody writes a backup: that
// reads the old file to its end.
func (h *home) replaceStore(ctx context.Context, r *storage.Rewrite, key [32]byte) error {
	h.backups.Lock()
	defer h.backups.Unlock()
	if err := r.CatchUp(ctx); err != nil {
		return err
	}
	return h.keys.exchange(key, r.Switch)
}

// A rewrite that nobody waits for takes a quarter of the time for itself, so
// that messages find the disk free.
const (
	restFactor  = 3
	longestRest = 2 * time.Second
)

func rest(ctx context.Context, worked time.Duration) error {
	return wait(ctx, min(restFactor*worked, longestRest), nil)
}

// wait returns when d is over or done is closed, or with the error of ctx.
func wait(ctx context.Context, d time.Duration, done <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}
