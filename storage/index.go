package storage

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/truce-im/truce/chat"
)

// An index is looked up in two or three places: on disk, in the tail, and, in a
// transaction that writes, among its own rows. Each gives a sorted page; the
// first rows of all of them are the answer.

// tails are those of the state and of the transaction itself.
func (r *reader) tails() []*tail {
	if r.fresh == nil {
		return []*tail{r.tail}
	}
	return []*tail{r.tail, r.fresh}
}

func firstOf[T any](limit int, compare func(a, b T) int, pages ...[]T) []T {
	var all []T
	for _, p := range pages {
		all = mergeSorted(all, p, compare)
	}
	return all[:min(limit, len(all))]
}

// positionOf returns the number of an event, or 0.
func (r *reader) positionOf(info *logInfo, seq uint64) (uint64, error) {
	for _, t := range r.tails() {
		if n := t.event(info.number, seq, r.cursor); n != 0 {
			return n, nil
		}
	}
	v, err := r.get(bucketPositions, positionKey(info.number, seq))
	return parseNumber(v), err
}

// positions returns the rows of a log by rising seq, starting at from.
func (r *reader) positions(info *logInfo, from uint64, limit int) ([]entry, error) {
	rows, err := r.diskPositions(info, from, limit)
	for _, t := range r.tails() {
		rows = firstOf(limit, compareSeqs, rows, t.events(info.number, from, limit, r.cursor))
	}
	return rows, err
}

func (r *reader) diskPositions(info *logInfo, from uint64, limit int) (rows []entry, err error) {
	defer guard(&err)
	prefix := be32(info.number)
	c := r.bucket(bucketPositions).Cursor()
	for k, v := c.Seek(positionKey(info.number, from)); bytes.HasPrefix(k, prefix) && len(rows) < limit; k, v = c.Next() {
		rows = append(rows, entry{number: parseNumber(v), log: info, seq: number64(k[4:])})
	}
	return rows, nil
}

// orders returns the rows of a conversation's history beyond from.
func (r *reader) orders(conv uint32, from *chat.Position, back bool, limit int) ([]entry, error) {
	compare := comparePositions
	if back {
		compare = func(a, b entry) int { return comparePositions(b, a) }
	}
	rows, err := r.diskOrders(conv, from, back, limit)
	for _, t := range r.tails() {
		rows = firstOf(limit, compare, rows, t.orders(conv, from, back, limit, r.cursor))
	}
	return rows, err
}

// ids returns the rows of the ids from start on, up to last.
func (r *reader) ids(start, last idEntry, limit int) ([]idEntry, error) {
	rows, err := r.diskIDs(start, last, limit)
	for _, t := range r.tails() {
		rows = firstOf(limit, compareIDs, rows, t.idsFrom(start, last, limit, r.cursor))
	}
	return rows, err
}

// parseNumber reads a value of an index. A damaged one gives 0, which is no row.
func parseNumber(v []byte) uint64 {
	n, _ := binary.Uvarint(v)
	return n
}

// fold writes the rows of t into the indexes on disk, in the order of their keys.
func (w *writer) fold(t *tail) error {
	w.dense(bucketPositions)
	w.dense(bucketOrders)
	for _, log := range slices.Sorted(maps.Keys(t.logs)) {
		for _, e := range t.logs[log] {
			if err := w.put(bucketPositions, positionKey(log, e.seq), binary.AppendUvarint(nil, e.number)); err != nil {
				return err
			}
		}
	}
	for _, conv := range slices.Sorted(maps.Keys(t.convs)) {
		for _, e := range t.convs[conv] {
			key := orderKey(conv, e.order, e.log.number, e.seq)
			if err := w.put(bucketOrders, key, binary.AppendUvarint(nil, e.number)); err != nil {
				return err
			}
		}
	}
	if err := w.addIDs(t.ids); err != nil {
		return err
	}
	return w.put(bucketMeta, keyFolded, be64(w.cursor))
}

// readTail makes the tail anew from the rows of the journal that were not folded.
func (r *reader) readTail(folded uint64) error {
	for n := folded + 1; n <= r.cursor; n++ {
		c, err := r.change(n)
		if err != nil {
			return err
		}
		if c.Event == nil {
			continue
		}
		info, err := r.log(c.Log)
		if err != nil {
			return err
		}
		r.tail.add(info, c.Event)
	}
	return nil
}
