package storage

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/truce-im/truce/chat"
)

// tailMax is how many of the journal's newest rows the indexes on disk may lack.
// More make a fold rarer and its leaves fuller, but each opening reads as many
// rows to make the tail anew (LAYOUT.md has the figures).
const tailMax = 2048

// entry is a row of an index.
type entry struct {
	number uint64
	log    *logInfo
	order  uint64
	seq    uint64
}

func (e *entry) position() chat.Position {
	return chat.Position{Order: e.order, Device: e.log.log.Device, Seq: e.seq}
}

// comparePositions orders as chat.Position says.
func comparePositions(a, b entry) int {
	return cmp.Or(
		cmp.Compare(a.order, b.order),
		bytes.Compare(a.log.log.Device[:], b.log.log.Device[:]),
		cmp.Compare(a.seq, b.seq),
	)
}

func compareSeqs(a, b entry) int { return cmp.Compare(a.seq, b.seq) }

// tail holds in memory what the indexes on disk lack: the rows of the newest
// events, sorted as the indexes are. It only grows; a reader leaves out what is
// newer than its own state. Once its rows are folded into the indexes it is put
// aside whole, and stays for those who read an older state. It is safe for
// concurrent use.
type tail struct {
	mu    sync.RWMutex
	logs  map[uint32][]entry // by log number; sorted by seq
	convs map[uint32][]entry // listed ones, by conversation number; sorted by position
	ids   []idEntry          // sorted
}

func newTail() *tail {
	return &tail{logs: map[uint32][]entry{}, convs: map[uint32][]entry{}}
}

// add adds an event, which has its number.
func (t *tail) add(info *logInfo, e *chat.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := entry{number: e.Cursor, log: info, order: e.Order, seq: e.Seq}
	t.logs[info.number] = insert(t.logs[info.number], row, compareSeqs)
	if e.Listed {
		t.convs[info.conv] = insert(t.convs[info.conv], row, comparePositions)
	}
	if !e.ID.IsZero() {
		t.ids = insert(t.ids, makeIDEntry(e.ID[:], e.Cursor), compareIDs)
	}
}

// insert puts x in its place in sorted, which is at the end more often than not.
func insert[T any](sorted []T, x T, compare func(a, b T) int) []T {
	if n := len(sorted); n == 0 || compare(sorted[n-1], x) <= 0 {
		return append(sorted, x)
	}
	i, _ := slices.BinarySearchFunc(sorted, x, compare)
	return slices.Insert(sorted, i, x)
}

// merge adds the rows of another tail, which nobody changes any more.
func (t *tail) merge(o *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for log, rows := range o.logs {
		t.logs[log] = mergeSorted(t.logs[log], rows, compareSeqs)
	}
	for conv, rows := range o.convs {
		t.convs[conv] = mergeSorted(t.convs[conv], rows, comparePositions)
	}
	t.ids = mergeSorted(t.ids, o.ids, compareIDs)
}

// mergeSorted merges b into a, from their ends: b is mostly what comes last.
func mergeSorted[T any](a, b []T, compare func(a, b T) int) []T {
	i := len(a)
	a = append(a, b...)
	for k := len(a); len(b) > 0; {
		k--
		if i > 0 && compare(a[i-1], b[len(b)-1]) > 0 {
			i--
			a[k] = a[i]
		} else {
			a[k] = b[len(b)-1]
			b = b[:len(b)-1]
		}
	}
	return a
}

// event returns the number of an event, or 0.
func (t *tail) event(log uint32, seq, cursor uint64) uint64 {
	rows := t.events(log, seq, 1, cursor)
	if len(rows) == 0 || rows[0].seq != seq {
		return 0
	}
	return rows[0].number
}

// events returns rows of a log by rising seq, starting at from.
func (t *tail) events(log uint32, from uint64, limit int, cursor uint64) []entry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	rows := t.logs[log]
	i, _ := slices.BinarySearchFunc(rows, from, func(e entry, seq uint64) int { return cmp.Compare(e.seq, seq) })
	return known(rows[i:], limit, cursor)
}

// known returns the first rows that a state of that cursor has.
func known(rows []entry, limit int, cursor uint64) (out []entry) {
	for _, e := range rows {
		if len(out) == limit {
			break
		}
		if e.number <= cursor {
			out = append(out, e)
		}
	}
	return out
}

// orders returns rows of a conversation beyond from; nil is beyond which all are.
func (t *tail) orders(conv uint32, from *chat.Position, back bool, limit int, cursor uint64) (out []entry) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	rows := t.convs[conv]
	if !back {
		return known(rows[firstAfter(rows, from):], limit, cursor)
	}
	for i := lastBefore(rows, from); i >= 0 && len(out) < limit; i-- {
		if rows[i].number <= cursor {
			out = append(out, rows[i])
		}
	}
	return out
}

func firstAfter(rows []entry, p *chat.Position) int {
	if p == nil {
		return 0
	}
	i, found := find(rows, p)
	if found {
		i++
	}
	return i
}

func lastBefore(rows []entry, p *chat.Position) int {
	if p == nil {
		return len(rows) - 1
	}
	i, _ := find(rows, p)
	return i - 1
}

func find(rows []entry, p *chat.Position) (int, bool) {
	at := entry{order: p.Order, seq: p.Seq, log: &logInfo{}}
	at.log.log.Device = p.Device
	return slices.BinarySearchFunc(rows, at, comparePositions)
}

// idsFrom returns rows of the ids from start on, up to last.
func (t *tail) idsFrom(start, last idEntry, limit int, cursor uint64) (out []idEntry) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, _ := slices.BinarySearchFunc(t.ids, start, compareIDs)
	for _, e := range t.ids[i:] {
		if len(out) == limit || compareIDs(e, last) > 0 {
			break
		}
		if e.number() <= cursor {
			out = append(out, e)
		}
	}
	return out
}
