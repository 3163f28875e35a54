package storage

import (
	"bytes"
	"encoding/binary"
	"slices"

	"go.etcd.io/bbolt"
)

// Ids are random. In one tree each new id would dirty a leaf of its own, and a
// store of a million events would take in a third of what an empty one does. So
// each fold writes its ids as a sorted run, and runs of a level are merged when
// there are enough of them, as in a log-structured merge tree. A look-up goes
// through all runs: eight or so for a million events.
const (
	// idFan is how many runs of a level make one of the next.
	idFan = 4
	// idTop is the level beyond which nothing is merged: half a million ids, 8
	// MiB in memory while it is made.
	idTop = 4
	// idChunk is how many ids stand in one value: four values fill a page.
	idChunk = 60
)

// idPrefix is how much of an id stands in the index. Ids that share it are told
// apart by the event itself.
const idPrefix = 8

// idEntry is a row of the index: the beginning of an id and a journal number.
type idEntry [idPrefix + 8]byte

func makeIDEntry(id []byte, number uint64) (e idEntry) {
	copy(e[:idPrefix], id)
	binary.BigEndian.PutUint64(e[idPrefix:], number)
	return e
}

func (e idEntry) number() uint64 { return number64(e[idPrefix:]) }

// next is the first entry after e.
func (e idEntry) next() idEntry {
	binary.BigEndian.PutUint64(e[idPrefix:], e.number()+1)
	return e
}

func compareIDs(a, b idEntry) int { return bytes.Compare(a[:], b[:]) }

// idRunKey names a run: the journal number that it goes up to, and its level.
func idRunKey(to uint64, level byte) []byte { return append(be64(to), level) }

// runs returns the runs of the ids, oldest first.
func (r *reader) runs() ([]*bbolt.Bucket, error) {
	if r.idRuns != nil {
		return r.idRuns, nil
	}
	all := r.bucket(bucketIDs)
	c := all.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		run := all.Bucket(k)
		if run == nil || len(k) != 9 {
			return nil, corruptf("the index of ids has a key of another kind")
		}
		r.idRuns = append(r.idRuns, run)
	}
	return r.idRuns, nil
}

// diskIDs returns the rows from start on, up to last.
func (r *reader) diskIDs(start, last idEntry, limit int) (rows []idEntry, err error) {
	defer guard(&err)
	runs, err := r.runs()
	for _, run := range runs {
		rows = firstOf(limit, compareIDs, rows, idsIn(run, start, last, limit))
	}
	return rows, err
}

func idsIn(run *bbolt.Bucket, start, last idEntry, limit int) (rows []idEntry) {
	c := run.Cursor()
	k, v := c.Seek(start[:])
	if !bytes.Equal(k, start[:]) { // it may stand within the chunk before
		if k == nil {
			k, v = c.Last()
		} else if before, b := c.Prev(); before != nil {
			k, v = before, b
		} else {
			k, v = c.First()
		}
	}
	for ; k != nil; k, v = c.Next() {
		for len(v) >= len(start) {
			e := idEntry(v)
			v = v[len(e):]
			if compareIDs(e, start) < 0 {
				continue
			}
			if compareIDs(e, last) > 0 || len(rows) == limit {
				return rows
			}
			rows = append(rows, e)
		}
	}
	return rows
}

// addIDs writes sorted ids as the newest run, and merges what is due.
func (w *writer) addIDs(ids []idEntry) (err error) {
	defer guard(&err)
	if len(ids) == 0 {
		return nil
	}
	w.idRuns = nil // they change
	all := w.bucket(bucketIDs)
	for level := byte(0); ; level++ {
		var due [][]byte
		c := all.Cursor()
		for k, _ := c.Last(); len(k) == 9 && k[8] == level; k, _ = c.Prev() {
			due = append(due, bytes.Clone(k))
		}
		if level == idTop || len(due) < idFan-1 {
			return writeRun(all, idRunKey(w.cursor, level), ids)
		}
		for _, k := range due {
			ids = mergeSorted(readRun(all.Bucket(k)), ids, compareIDs)
			if err := all.DeleteBucket(k); err != nil {
				return err
			}
		}
	}
}

func writeRun(all *bbolt.Bucket, key []byte, ids []idEntry) error {
	run, err := all.CreateBucket(key)
	if err != nil {
		return err
	}
	run.FillPercent = denseFill
	for chunk := range slices.Chunk(ids, idChunk) {
		v := make([]byte, 0, len(chunk)*len(idEntry{}))
		for _, e := range chunk {
			v = append(v, e[:]...)
		}
		if err := run.Put(v[:len(idEntry{})], v); err != nil {
			return err
		}
	}
	return nil
}

func readRun(run *bbolt.Bucket) (ids []idEntry) {
	c := run.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		for len(v) >= len(idEntry{}) {
			ids = append(ids, idEntry(v))
			v = v[len(idEntry{}):]
		}
	}
	return ids
}
