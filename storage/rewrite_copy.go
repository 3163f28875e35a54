package storage

import (
	"bytes"
	"context"
	"slices"

	"github.com/truce-im/truce/chat"
)

// scanned are the buckets that Copy goes through; the journal comes after them,
// for its rows name logs. What is not here is made anew: meta, runs, numbers,
// the indexes.
var scanned = []bucket{
	bucketSelf, bucketSettings, bucketContacts, bucketConvs, bucketLogs, bucketHeads, bucketFolds, bucketDone, bucketDoneTimes,
}

const (
	// rewriteRows and rewriteBytes bound what a step copies, so that a view of
	// it is short, and what is held in memory small.
	rewriteRows  = 8192
	rewriteBytes = 4 << 20
	// levelRows is how far behind the draft may be when commits are made to wait
	// for the rest: some hundredths of a second.
	levelRows = 2048
	// touchedMax bounds what is remembered of rows that were written again: more
	// of them are copied at once, so that it does not matter how many there are.
	touchedMax = 1 << 16
)

// copier knows how far the copy has come.
type copier struct {
	rows   int    // of a step
	birth  string // of the new file; empty: not known
	copied uint64 // the draft has the journal up to here
	total  uint64 // the journal's end, as last seen
	ids    []idEntry
}

// copyMeta makes the draft a store of the same generation, so that cursors stay
// good.
func copyMeta(from *reader, to *writer) error {
	generation, err := from.get(bucketMeta, keyGeneration)
	if err != nil {
		return err
	}
	if err := to.put(bucketMeta, keyGeneration, generation); err != nil {
		return err
	}
	if err := to.put(bucketMeta, keyCheck, to.s.keys.check(generation)); err != nil {
		return err
	}
	return to.putRow(bucketSelf, keyDoneNames, doneNamesRow{Key: from.doneNames})
}

// Copy copies all there is, and what changes meanwhile, until little is left for
// Switch. It ends early with ctx.
func (r *Rewrite) Copy(ctx context.Context) error {
	for _, b := range scanned {
		if err := r.scan(ctx, b); err != nil {
			return err
		}
	}
	for b := range named {
		err := r.paced(ctx, func(from *reader, to *writer) error { return people(from, to, b) })
		if err != nil {
			return err
		}
	}
	return r.CatchUp(ctx)
}

// CatchUp copies what has changed since Copy, which it is a part of. Call it
// again before Switch if that had to wait.
func (r *Rewrite) CatchUp(ctx context.Context) error {
	for last := uint64(0); ; { // what comes faster than it is copied is left to Switch
		left, err := r.round(ctx)
		if err != nil || left <= levelRows || last != 0 && left >= last {
			return err
		}
		last = left
	}
}

// round copies what there was to copy when it began, and returns what has come
// since.
func (r *Rewrite) round(ctx context.Context) (left uint64, err error) {
	if err := r.copyNew(func(fn stepFunc) error { return r.paced(ctx, fn) }); err != nil {
		return 0, err
	}
	err = r.s.View(func(from chat.Reader) error {
		left = from.Cursor() - r.copied + uint64(r.touched.len())
		return nil
	})
	return left, err
}

// scan copies the rows of b, a page at a time.
func (r *Rewrite) scan(ctx context.Context, b bucket) error {
	for next := []byte{}; next != nil; {
		err := r.paced(ctx, func(from *reader, to *writer) (err error) {
			next, err = r.page(from, to, b, next)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// page copies rows of b from key on, and returns where to go on.
func (c *copier) page(from *reader, to *writer, b bucket, key []byte) (next []byte, err error) {
	keys, err := from.keysFrom(b, key, c.rows+1)
	if err != nil {
		return nil, err
	}
	size := 0
	for i, k := range keys {
		if i == c.rows || size >= rewriteBytes {
			return k, nil
		}
		n, err := c.row(from, to, place{b, string(k)})
		if err != nil {
			return nil, err
		}
		size += n
	}
	return nil, nil
}

// keysFrom returns at most limit keys of b, from key on.
func (r *reader) keysFrom(b bucket, key []byte, limit int) (keys [][]byte, err error) {
	defer guard(&err)
	c := r.bucket(b).Cursor()
	for k, _ := c.Seek(key); k != nil && len(keys) < limit; k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys, nil
}

// stepFunc reads from the store and writes to the draft.
type stepFunc = func(from *reader, to *writer) error

// copyNew copies, by calls of step, what the draft lacks.
func (r *Rewrite) copyNew(step func(stepFunc) error) error {
	for more := true; more; more = r.copied < r.total {
		if err := step(r.events); err != nil {
			return err
		}
	}
	return r.copyTouched(step)
}

func (r *Rewrite) copyTouched(step func(stepFunc) error) error {
	for chunk := range slices.Chunk(r.touched.take(), r.rows) {
		err := step(func(from *reader, to *writer) error {
			for _, p := range chunk {
				if _, err := r.row(from, to, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
