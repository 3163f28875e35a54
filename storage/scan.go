package storage

import (
	"context"
	"crypto/cipher"
	"iter"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// scanRows is how many rows of the journal one transaction of a scan looks at:
// one or two milliseconds, in which no page that is given up can be used again.
const scanRows = 2048

// maxScanners bounds the cores that a scan takes.
const maxScanners = 8

// minEvent is the least length on disk of a row that is an event: ticks and most
// other changes are shorter, and need not be opened.
const minEvent = 1 + 1 + 16 + // run, counter, tag
	1 + 1 + 9*1 + 34 + 17 + 1 // kind, array, numbers and no id, chain value, owner tag, no body

// Scan implements chat.Store. Pages of the journal are opened by as many
// goroutines as there are cores; they end before the sequence does.
func (s *Store) Scan(ctx context.Context, conv wire.ConvID, keep func([]byte) bool) iter.Seq2[chat.Scanned, error] {
	return func(yield func(chat.Scanned, error) bool) {
		sc := scan{s: s, keep: keep}
		last, err := sc.begin(conv)
		if err != nil {
			yield(chat.Scanned{}, err)
			return
		}
		var pages sync.WaitGroup
		defer pages.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var ahead []chan scanPage
		for {
			for last > 0 && len(ahead) < min(runtime.GOMAXPROCS(0), maxScanners) {
				first := last - min(last, uint64(s.opt.hooks.scanRows))
				page, to := make(chan scanPage, 1), last
				pages.Go(func() { page <- sc.page(ctx, first, to) })
				ahead, last = append(ahead, page), first
			}
			if len(ahead) == 0 {
				return
			}
			p := <-ahead[0]
			ahead = ahead[1:]
			if !yield(p.Scanned, p.err) || p.err != nil {
				return
			}
		}
	}
}

type scanPage struct {
	chat.Scanned
	err error
}

type scan struct {
	s    *Store
	conv uint32 // 0: all
	keep func([]byte) bool
}

// begin returns the last number to look at; 0: none.
func (sc *scan) begin(conv wire.ConvID) (last uint64, err error) {
	r, err := sc.s.begin()
	if err != nil {
		return 0, err
	}
	defer r.tx.Rollback()
	if conv == (wire.ConvID{}) {
		return r.cursor, nil
	}
	if sc.conv, err = r.conv(conv); err != nil || sc.conv == 0 {
		return 0, err
	}
	return r.cursor, nil
}

// page looks at the rows behind after, up to and including last.
func (sc *scan) page(ctx context.Context, after, last uint64) (p scanPage) {
	if ctx.Err() != nil {
		return scanPage{err: context.Cause(ctx)}
	}
	r, err := sc.s.begin()
	if err != nil {
		return scanPage{err: err}
	}
	defer r.tx.Rollback()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	w := scanWalk{r: r, last: last}
	plain, err := w.first(after + 1)
	for ; plain != nil && err == nil; plain, err = w.next() {
		if len(plain) == 0 || chat.ChangeKind(plain[0]) != chat.ChangeEvent {
			continue
		}
		var row eventRow
		if err = row.parse(plain[1:]); err != nil {
			break
		}
		if p.Received == 0 {
			p.Received = row.Received
		}
		wanted, err := sc.wants(r, &row)
		if err != nil {
			return scanPage{err: err}
		}
		if wanted {
			p.Rows = append(p.Rows, chat.Found{
				Cursor: w.number, Order: row.Order, Received: row.Received, Listed: row.Flags&flagListed != 0,
			})
		}
	}
	slices.Reverse(p.Rows)
	p.err = err
	return p
}

func (sc *scan) wants(r *reader, row *eventRow) (bool, error) {
	if row.Flags&flagStub != 0 || wire.EventKind(row.Kind) != wire.KindContent || !sc.keep(row.Body) {
		return false, nil
	}
	if sc.conv == 0 {
		return true, nil
	}
	info, err := r.logNumbered(row.Log)
	return err == nil && info.conv == sc.conv, err
}

// scanWalk opens rows of the journal one after the other, each in the place of
// the one before.
type scanWalk struct {
	r      *reader
	c      *bbolt.Cursor
	number uint64 // of the row
	last   uint64
	run    uint32
	aead   cipher.AEAD // of run; nil: none yet
	plain  []byte
}

// first opens the first row from number on; nil: there is none.
func (w *scanWalk) first(number uint64) (plain []byte, err error) {
	defer guard(&err)
	w.c = w.r.bucket(bucketJournal).Cursor()
	return w.open(w.c.Seek(be64(number)))
}

// next opens the row after that.
func (w *scanWalk) next() (plain []byte, err error) {
	defer guard(&err)
	return w.open(w.c.Next())
}

// open opens the row at k, or the next one that may be wanted.
func (w *scanWalk) open(k, v []byte) ([]byte, error) {
	for k != nil && len(v) < minEvent {
		k, v = w.c.Next()
	}
	if len(k) != 8 || number64(k) > w.last {
		return nil, nil
	}
	w.number = number64(k)
	run, counter, text, err := splitSealed(bucketJournal, v)
	if err != nil {
		return nil, err
	}
	if w.aead == nil || run != w.run {
		if w.aead, err = w.r.s.keys.run(run, w.r.runID); err != nil {
			return nil, err
		}
		w.run = run
	}
	w.plain, err = seal{w.aead, counter}.open(&w.r.scratch, w.plain[:0], bucketJournal, k, text)
	return w.plain, err
}
