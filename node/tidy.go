package node

import (
	"context"
	"strconv"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

// When a running node rewrites its store by itself. A key that somebody may know
// is worth it at once. What was deleted has to wait for others, for a rewrite
// writes the whole store, and memory cards wear out: on average no more than
// wearPerDay is written for it, 23 GiB a year. So a store of 64 MiB is rewritten
// once a day at most, and one of a million messages once in ten days.
const (
	quietFor   = 10 * time.Minute // without a change: nobody uses the node
	noisyFor   = 24 * time.Hour   // of a node that is never quiet
	leastPause = 24 * time.Hour
	wearPerDay = 64 << 20
	tidyAgain  = time.Hour // after one that failed, at the earliest
)

// tidy rewrites the store when that is due and the node is quiet, until ctx ends.
func (n *Node) tidy(ctx context.Context) {
	var again time.Time // not before, after one that failed
	for ctx.Err() == nil {
		marked := n.home.store.Marked()
		pause, due, err := n.untilDue(time.Now())
		if err != nil {
			pause, due = tidyAgain, true
		}
		pause = max(pause, time.Until(again))
		switch {
		case !due:
			select {
			case <-marked:
			case <-ctx.Done():
			}
			continue
		case pause > 0:
			wait(ctx, pause, marked) // another mark may have a reason that waits for nothing
			continue
		case n.awaitQuiet(ctx) != nil:
			return
		}
		if err := n.tidyNow(ctx); err != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("the store could not be rewritten", "error", err)
			again = time.Now().Add(max(tidyAgain, worn(Size(n.home.dir)))) // it may have written nearly all
		}
	}
}

// untilDue returns how long it is until a rewrite may be done that is due.
func (n *Node) untilDue(now time.Time) (pause time.Duration, due bool, err error) {
	var why, last string
	err = n.home.store.View(func(r chat.Reader) (err error) {
		if why, err = r.Setting(storage.RewriteDue); err == nil {
			last, err = r.Setting(storage.Rewritten)
		}
		return err
	})
	switch {
	case err != nil:
		return 0, false, err
	case why == "":
		return 0, false, nil
	case why != storage.DueDeleted || last == "":
		return 0, true, nil
	}
	size, err := n.home.store.Size()
	if err != nil {
		return 0, false, err
	}
	ms, err := strconv.ParseInt(last, 10, 64)
	pause = max(leastPause, worn(size))
	return min(pause, time.UnixMilli(ms).Add(pause).Sub(now)), true, err // a clock may have been set back
}

// worn is how long it takes until so many bytes more may be written.
func worn(bytes int64) time.Duration {
	return time.Duration(float64(24*time.Hour) * float64(bytes) / wearPerDay)
}

// awaitQuiet returns when for quietFor nothing has happened that a face would be
// told of, or after noisyFor.
func (n *Node) awaitQuiet(ctx context.Context) error {
	for begun := time.Now(); time.Since(begun) < noisyFor; {
		last := n.chat.Cursor()
		if err := wait(ctx, quietFor, nil); err != nil || n.chat.Cursor() == last {
			return err
		}
	}
	return nil
}

// tidyNow rewrites the store at leisure. It gives way to one that is asked for.
func (n *Node) tidyNow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.rewrites.setIdle(cancel)
	defer n.rewrites.setIdle(nil)
	if n.rewrites.take(ctx) != nil {
		return nil
	}
	defer n.rewrites.release()
	if _, due, err := n.untilDue(time.Now()); !due {
		return err // another one did it meanwhile
	}
	c, err := n.rewrite(ctx, storage.RewriteOptions{Pause: rest})
	if err == nil {
		n.cfg.Log.Info("the store was rewritten under a new key", "before", c.Before, "after", c.After)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}
