package storage

import (
	"bytes"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

var _ chat.Tx = (*writer)(nil)

// writer is a reader that writes. The updates of a group share one.
type writer struct {
	reader
	writes  int     // how many so far
	touched []place // of what a rewrite must copy again
	marked  bool    // RewriteDue is set
	buffer  []byte
	// Rows that are rewritten with nearly every event wait here for the commit,
	// so that a group writes each of them once.
	heads  map[[8]byte]chat.LogState
	convs  map[uint32]chat.Conv
	folded uint64 // the indexes on disk have the journal up to here: more after a Move
}

func newWriter(s *Store, st *state, tx *bbolt.Tx) *writer {
	w := &writer{reader: *newReader(s, st, tx), folded: st.folded, heads: map[[8]byte]chat.LogState{}, convs: map[uint32]chat.Conv{}}
	w.made, w.fresh = newNames(), newTail()
	return w
}

// settle makes ready what w wrote for its commit: rows that waited are written,
// and the tail is folded if it has grown too long. It returns the state that
// readers have once w is committed; to call it is to have committed.
func (w *writer) settle(old *state) (func() *state, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	if w.cursor-w.folded > uint64(w.s.opt.hooks.tailMax) {
		if err := w.foldNow(); err != nil {
			return nil, err
		}
	}
	next := &state{db: old.db, txid: w.tx.ID(), cursor: w.cursor, folded: w.folded, tail: w.tail, doneNames: w.doneNames}
	return func() *state { next.tail.merge(w.fresh); return next }, nil
}

// foldNow writes into the indexes on disk all that they lack, and goes on with
// an empty tail.
func (w *writer) foldNow() error {
	if w.folded == w.cursor {
		return nil
	}
	all := newTail()
	all.merge(w.tail)
	all.merge(w.fresh)
	w.tail, w.fresh, w.folded = newTail(), newTail(), w.cursor
	return w.fold(all)
}

// flush writes the rows that waited.
func (w *writer) flush() error {
	for _, key := range slices.SortedFunc(maps.Keys(w.heads), func(a, b [8]byte) int { return bytes.Compare(a[:], b[:]) }) {
		if err := w.putRow(bucketHeads, key[:], fromLogState(w.heads[key])); err != nil {
			return err
		}
	}
	for _, n := range slices.Sorted(maps.Keys(w.convs)) {
		if err := w.putRow(bucketConvs, be32(n), fromConv(w.convs[n])); err != nil {
			return err
		}
	}
	clear(w.heads)
	clear(w.convs)
	return nil
}

func (w *writer) put(b bucket, key, value []byte) (err error) {
	defer guard(&err)
	w.writes++
	w.touch(b, key)
	return w.bucket(b).Put(key, value)
}

func (w *writer) remove(b bucket, key []byte) (err error) {
	defer guard(&err)
	w.writes++
	w.touch(b, key)
	return w.bucket(b).Delete(key)
}

// denseFill leaves pages nearly full, but for a row that grows.
const denseFill = 0.95

// dense has the pages of b left nearly full where bbolt would leave them half
// empty: rows are added at its end, or at the end of each log's part of it.
func (w *writer) dense(b bucket) (err error) {
	defer guard(&err)
	w.bucket(b).FillPercent = denseFill
	return nil
}

// next gives the next local number of b.
func (w *writer) next(b bucket) (n uint32, err error) {
	defer guard(&err)
	w.writes++
	n64, err := w.bucket(b).NextSequence()
	return uint32(n64), err
}

func (w *writer) putRow(b bucket, key []byte, row any) error {
	plain, err := encMode.Marshal(row)
	if err != nil {
		return err
	}
	return w.put(b, key, w.s.sealer.seal(&w.scratch, b, key, plain))
}

// startRun registers a run under the next number.
func (w *writer) startRun() (number uint32, id runID, err error) {
	if number, err = w.next(bucketRuns); err != nil {
		return 0, id, err
	}
	id = newRunID()
	return number, id, w.put(bucketRuns, be32(number), id[:])
}

func (w *writer) PutSelf(s chat.Self) error { return w.putRow(bucketSelf, keySelf, fromSelf(s)) }

func (w *writer) PutSetting(name, value string) error {
	w.marked = w.marked || name == RewriteDue
	return w.putRow(bucketSettings, []byte(name), settingRow{Value: value})
}

func (w *writer) PutContact(c chat.Contact) error {
	n, err := w.makeContact(c.Account)
	if err != nil {
		return err
	}
	return w.putRow(bucketContacts, be32(n), fromContact(c))
}

func (w *writer) PutLog(s chat.LogState) error {
	info, err := w.makeLog(s.Log)
	if err != nil {
		return err
	}
	w.writes++
	w.heads[[8]byte(headKey(info.conv, info.number))] = s
	return nil
}

func (w *writer) Log(l wire.Log) (chat.LogState, error) {
	info, err := w.log(l)
	if err == nil && info != nil {
		if s, ok := w.heads[[8]byte(headKey(info.conv, info.number))]; ok {
			return s, nil
		}
	}
	return w.reader.Log(l)
}

func (w *writer) Logs(id wire.ConvID) ([]chat.LogState, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	return w.reader.Logs(id)
}

func (w *writer) PutConv(c chat.Conv) error {
	n, err := w.makeConv(c.ID)
	if err != nil {
		return err
	}
	w.writes++
	w.convs[n] = c
	return nil
}

func (w *writer) Conv(id wire.ConvID) (chat.Conv, error) {
	n, err := w.conv(id)
	if err == nil && n != 0 {
		if c, ok := w.convs[n]; ok {
			return c, nil
		}
	}
	return w.reader.Conv(id)
}

func (w *writer) PutPeers(a wire.Account, peers []chat.Peer) error {
	return w.putRow(bucketPeers, w.s.keys.name(labelPeers, a[:]), fromPeers(peers))
}

func (w *writer) PutCard(c chat.Card) error {
	return w.putRow(bucketCards, w.s.keys.name(labelCards, c.Account[:]), fromCard(c))
}

func (w *writer) PutPicture(a wire.Account, file []byte) error {
	key := w.s.keys.name(labelPictures, a[:])
	if len(file) == 0 {
		return w.remove(bucketPictures, key)
	}
	return w.putRow(bucketPictures, key, pictureRow{File: file})
}

func (w *writer) PutDone(key string, d chat.Done) error {
	name := w.doneName(key)
	var old doneRow
	if ok, err := w.row(bucketDone, name, &old); err != nil {
		return err
	} else if ok {
		if err := w.remove(bucketDoneTimes, append(be64(old.Time), name...)); err != nil {
			return err
		}
	}
	if err := w.put(bucketDoneTimes, append(be64(d.Time), name...), nil); err != nil {
		return err
	}
	return w.putRow(bucketDone, name, fromDone(d))
}

func (w *writer) ForgetDone(t uint64) error {
	for {
		keys, err := w.oldest(bucketDoneTimes, t)
		if err != nil || len(keys) == 0 {
			return err
		}
		for _, k := range keys {
			if err := w.remove(bucketDoneTimes, k); err != nil {
				return err
			}
			if err := w.remove(bucketDone, k[8:]); err != nil {
				return err
			}
		}
	}
}

// oldest returns a page of the keys of b, which begin with a time, before t.
func (w *writer) oldest(b bucket, t uint64) (keys [][]byte, err error) {
	defer guard(&err)
	c := w.bucket(b).Cursor()
	for k, _ := c.First(); len(k) > 8 && number64(k) < t && len(keys) < pageRows; k, _ = c.Next() {
		keys = append(keys, append([]byte(nil), k...))
	}
	return keys, nil
}

// putEvent writes row number of the journal.
func (w *writer) putEvent(number uint64, row eventRow) error {
	w.buffer = row.append(append(w.buffer[:0], byte(chat.ChangeEvent)))
	return w.putJournal(number, w.buffer)
}

// putNote likewise.
func (w *writer) putNote(number uint64, kind chat.ChangeKind, row noteRow) error {
	b, err := encMode.Marshal(row)
	if err != nil {
		return err
	}
	return w.putJournal(number, append([]byte{byte(kind)}, b...))
}

func (w *writer) putJournal(number uint64, plain []byte) error {
	w.dense(bucketJournal)
	key := be64(number)
	return w.put(bucketJournal, key, w.s.sealer.seal(&w.scratch, bucketJournal, key, plain))
}

func (w *writer) Append(e *chat.Event) error {
	info, err := w.makeLog(e.Log)
	if err != nil {
		return err
	}
	if err := w.putEvent(w.cursor+1, fromEvent(info.number, e)); err != nil {
		return err
	}
	w.cursor++
	e.Cursor = w.cursor
	w.fresh.add(info, e)
	return nil
}

// Rewrite keeps all that the indexes know: position, id, order and whether the
// event is listed.
func (w *writer) Rewrite(e chat.Event) error {
	old, err := w.Event(e.Log, e.Seq)
	if err != nil {
		return err
	}
	info, err := w.log(e.Log)
	if err != nil {
		return err
	}
	e.ID, e.Order, e.Listed = old.ID, old.Order, old.Listed
	if e.Wire.Stub && !old.Wire.Stub {
		if err := w.markDeleted(); err != nil {
			return err
		}
	}
	return w.putEvent(old.Cursor, fromEvent(info.number, &e))
}

func (w *writer) Note(c chat.Change) error {
	if c.Kind == chat.ChangeEvent || c.Kind == 0 {
		return chat.Errorf(chat.CodeUsage, "a change of kind %d is no note", c.Kind)
	}
	var log uint32
	if c.Log != (wire.Log{}) {
		info, err := w.makeLog(c.Log)
		if err != nil {
			return err
		}
		log = info.number
	}
	if err := w.putNote(w.cursor+1, c.Kind, fromChange(log, c)); err != nil {
		return err
	}
	w.cursor++
	return nil
}
