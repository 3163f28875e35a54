package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// row copies a row as it is now, which may be gone, and returns its size. What
// its key or its place in an index is made of is made anew.
func (c *copier) row(from *reader, to *writer, p place) (size int, err error) {
	key := []byte(p.key)
	switch p.b {
	case bucketJournal:
		return c.journalRow(from, to, key)
	case bucketPeers, bucketCards, bucketPictures:
		return 0, people(from, to, p.b)
	case bucketDoneTimes:
		return len(key), copyTime(from, to, key)
	}
	plain, err := from.plain(p.b, key)
	if err != nil {
		return 0, err
	}
	if plain == nil {
		return 0, to.remove(p.b, key)
	}
	switch p.b {
	case bucketSelf:
		if !bytes.Equal(key, keySelf) {
			return 0, nil // see copyMeta
		}
		return len(plain), c.self(to, plain)
	case bucketContacts, bucketConvs, bucketLogs:
		if err := copyNames(to, p.b, key, plain); err != nil {
			return 0, err
		}
	}
	return len(plain), to.put(p.b, key, to.s.sealer.seal(&to.scratch, p.b, key, plain))
}

// self notes the birth of the new file (rule 13).
func (c *copier) self(to *writer, plain []byte) error {
	var row selfRow
	if err := decode(bucketSelf, plain, &row); err != nil {
		return err
	}
	if c.birth != "" {
		row.Birth = c.birth
	}
	return to.putRow(bucketSelf, keySelf, row)
}

// copyNames files the numbers that a row tells of under their names, which are
// hashed by the new key.
func copyNames(to *writer, b bucket, key, plain []byte) error {
	name := func(number []byte, label string, parts ...[]byte) error {
		return to.put(bucketNumbers, to.s.keys.name(label, parts...), number)
	}
	switch b {
	case bucketContacts:
		var row contactRow
		if err := decode(b, plain, &row); err != nil {
			return err
		}
		return name(key, labelContact, row.Account[:])
	case bucketConvs:
		var row convRow
		if err := decode(b, plain, &row); err != nil {
			return err
		}
		return name(key, labelConv, row.ID[:])
	}
	var row logRow
	if err := decode(b, plain, &row); err != nil {
		return err
	}
	if err := name(be32(row.Number), labelConv, row.Conv[:]); err != nil {
		return err
	}
	return name(key, labelLog, row.Conv[:], row.Account[:], row.Device[:])
}

func copyTime(from *reader, to *writer, key []byte) error {
	v, err := from.get(bucketDoneTimes, key)
	if err != nil {
		return err
	}
	if v == nil {
		return to.remove(bucketDoneTimes, key)
	}
	return to.put(bucketDoneTimes, key, nil)
}

// named are the buckets whose keys are hashes of an account, and the labels of
// those.
var named = map[bucket]string{bucketPeers: labelPeers, bucketCards: labelCards, bucketPictures: labelPictures}

// people copies what such a bucket has of contacts and of my own account. Of
// others the names are not known any more; they are left out.
func people(from *reader, to *writer, b bucket) error {
	self, err := from.Self()
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	if err := person(from, to, b, self.Account); err != nil {
		return err
	}
	for c, err := range from.Contacts() {
		if err != nil {
			return err
		}
		if err := person(from, to, b, c.Account); err != nil {
			return err
		}
	}
	return nil
}

func person(from *reader, to *writer, b bucket, a wire.Account) error {
	plain, err := from.plain(b, from.s.keys.name(named[b], a[:]))
	if err != nil {
		return err
	}
	key := to.s.keys.name(named[b], a[:])
	if plain == nil {
		return to.remove(b, key)
	}
	return to.put(b, key, to.s.sealer.seal(&to.scratch, b, key, plain))
}

// events copies a page of the journal, and makes its part of the indexes.
func (c *copier) events(from *reader, to *writer) error {
	c.total = from.cursor
	var positions, orders []indexRow
	for n, size := 0, 0; c.copied < c.total && n < c.rows && size < rewriteBytes; n++ {
		number := c.copied + 1
		plain, err := from.plain(bucketJournal, be64(number))
		if err != nil {
			return err
		}
		if len(plain) == 0 {
			return corruptf("row %d of the journal is missing", number)
		}
		if err := to.putJournal(number, plain); err != nil {
			return err
		}
		c.copied, size = number, size+len(plain)
		if chat.ChangeKind(plain[0]) != chat.ChangeEvent {
			continue
		}
		e, err := from.indexed(plain)
		if err != nil {
			return err
		}
		value := binary.AppendUvarint(nil, number)
		positions = append(positions, indexRow{e.position(), value})
		if e.Flags&flagListed != 0 {
			orders = append(orders, indexRow{e.orderKey(), value})
		}
		if !e.ID.IsZero() {
			c.ids = append(c.ids, makeIDEntry(e.ID[:], number))
		}
	}
	if err := to.putIndex(bucketPositions, positions); err != nil {
		return err
	}
	if err := to.putIndex(bucketOrders, orders); err != nil {
		return err
	}
	if len(c.ids) < idsHeld {
		return nil
	}
	return c.putIDs(to)
}

// idsHeld is how many ids are held before they are written, as one run: as
// many as the store itself would merge.
const idsHeld = 1 << 19

// putIDs writes what is held of the ids as a run that is never merged.
func (c *copier) putIDs(to *writer) (err error) {
	defer guard(&err)
	if len(c.ids) == 0 {
		return nil
	}
	slices.SortFunc(c.ids, compareIDs)
	err = writeRun(to.bucket(bucketIDs), idRunKey(c.copied, idTop), c.ids)
	c.ids = c.ids[:0]
	return err
}

// indexRow is a row of an index that is in clear.
type indexRow struct{ key, value []byte }

func (w *writer) putIndex(b bucket, rows []indexRow) error {
	if err := w.dense(b); err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b indexRow) int { return bytes.Compare(a.key, b.key) })
	for _, row := range rows {
		if err := w.put(b, row.key, row.value); err != nil {
			return err
		}
	}
	return nil
}

// indexedEvent is the row of an event, with where it stands.
type indexedEvent struct {
	eventRow
	conv uint32
}

func (r *reader) indexed(plain []byte) (e indexedEvent, err error) {
	if err := e.parse(plain[1:]); err != nil {
		return e, err
	}
	info, err := r.logNumbered(e.Log)
	if err != nil {
		return e, err
	}
	e.conv = info.conv
	return e, nil
}

func (e *indexedEvent) position() []byte { return positionKey(e.Log, e.Seq) }
func (e *indexedEvent) orderKey() []byte { return orderKey(e.conv, e.Order, e.Log, e.Seq) }

// journalRow copies again a row of the journal that was written again: an event,
// which may have been moved.
func (c *copier) journalRow(from *reader, to *writer, key []byte) (size int, err error) {
	number := number64(key)
	if number > c.copied {
		return 0, nil // it is still to come
	}
	old, err := to.plain(bucketJournal, key)
	if err != nil {
		return 0, err
	}
	plain, err := from.plain(bucketJournal, key)
	if err != nil {
		return 0, err
	}
	if len(plain) == 0 || len(old) == 0 {
		return 0, corruptf("row %d of the journal is missing", number)
	}
	was, err := from.indexed(old)
	if err != nil {
		return 0, err
	}
	is, err := from.indexed(plain)
	if err != nil {
		return 0, err
	}
	err = to.reindex(bucketPositions, number, was.position(), is.position())
	if err == nil && is.Flags&flagListed != 0 {
		err = to.reindex(bucketOrders, number, was.orderKey(), is.orderKey())
	}
	if err != nil {
		return 0, err
	}
	return len(plain), to.putJournal(number, plain)
}

// reindex moves a row of an index. Another event may stand in its old place by
// now.
func (w *writer) reindex(b bucket, number uint64, was, is []byte) error {
	if bytes.Equal(was, is) {
		return nil
	}
	there, err := w.get(b, was)
	if err != nil {
		return err
	}
	if parseNumber(there) == number {
		if err := w.remove(b, was); err != nil {
			return err
		}
	}
	return w.put(b, is, binary.AppendUvarint(nil, number))
}
