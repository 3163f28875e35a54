package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"strings"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// page is how many rows of an index a sequence takes at a time. Nothing of
// bbolt is held between two pages, so that who reads may write meanwhile.
const page = 64

func number32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func number64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// change reads row number of the journal.
func (r *reader) change(number uint64) (chat.Change, error) {
	plain, err := r.plain(bucketJournal, be64(number))
	if err != nil {
		return chat.Change{}, err
	}
	if len(plain) == 0 {
		return chat.Change{}, corruptf("row %d of the journal is missing", number)
	}
	if kind := chat.ChangeKind(plain[0]); kind != chat.ChangeEvent {
		return r.note(number, kind, plain[1:])
	}
	e, err := r.decodeEvent(number, plain[1:])
	if err != nil {
		return chat.Change{}, err
	}
	return chat.Change{Cursor: number, Kind: chat.ChangeEvent, Time: e.Received, Event: &e, Log: e.Log}, nil
}

func (r *reader) note(number uint64, kind chat.ChangeKind, plain []byte) (chat.Change, error) {
	var row noteRow
	if err := decode(bucketJournal, plain, &row); err != nil {
		return chat.Change{}, err
	}
	var log wire.Log
	if row.Log != 0 {
		info, err := r.logNumbered(row.Log)
		if err != nil {
			return chat.Change{}, err
		}
		log = info.log
	}
	return toChange(number, kind, log, &row), nil
}

func (r *reader) decodeEvent(number uint64, plain []byte) (chat.Event, error) {
	var row eventRow
	if err := decode(bucketJournal, plain, &row); err != nil {
		return chat.Event{}, err
	}
	info, err := r.logNumbered(row.Log)
	if err != nil {
		return chat.Event{}, err
	}
	return toEvent(number, info.log, &row), nil
}

// event reads the event in row number of the journal.
func (r *reader) event(number uint64) (chat.Event, error) {
	c, err := r.change(number)
	if err != nil {
		return chat.Event{}, err
	}
	if c.Event == nil {
		return chat.Event{}, corruptf("row %d of the journal is no event", number)
	}
	return *c.Event, nil
}

func (r *reader) Journal(cursor uint64) iter.Seq2[chat.Change, error] {
	return func(yield func(chat.Change, error) bool) {
		for n, last := cursor, r.cursor; n < last; {
			n++
			c, err := r.change(n)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

func (r *reader) Event(l wire.Log, seq uint64) (chat.Event, error) {
	n, err := r.position(l, seq)
	if err != nil {
		return chat.Event{}, err
	}
	return r.event(n)
}

// position returns the journal number of an event.
func (r *reader) position(l wire.Log, seq uint64) (uint64, error) {
	info, err := r.log(l)
	if err != nil {
		return 0, err
	}
	if info != nil {
		v, err := r.get(bucketPositions, positionKey(info.number, seq))
		if err != nil || v != nil {
			return parseNumber(v), err
		}
	}
	return 0, notFound("no such event")
}

// parseNumber reads a value of an index; a damaged one gives a row that does
// not exist.
func parseNumber(v []byte) uint64 {
	n, _ := binary.Uvarint(v)
	return n
}

func (r *reader) Events(l wire.Log, from uint64) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		info, err := r.log(l)
		if err != nil {
			yield(chat.Event{}, err)
			return
		}
		for info != nil {
			rows, err := r.positions(info, from, page)
			if err != nil {
				yield(chat.Event{}, err)
				return
			}
			if !r.yieldAll(rows, yield) || len(rows) < page {
				return
			}
			from = rows[len(rows)-1].seq + 1
		}
	}
}

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

// yieldAll yields the events of rows and reports whether more are wanted.
func (r *reader) yieldAll(rows []entry, yield func(chat.Event, error) bool) bool {
	for _, row := range rows {
		e, err := r.event(row.number)
		if !yield(e, err) || err != nil {
			return false
		}
	}
	return true
}

func (r *reader) positions(info *logInfo, from uint64, limit int) (rows []entry, err error) {
	defer guard(&err)
	prefix := be32(info.number)
	c := r.bucket(bucketPositions).Cursor()
	for k, v := c.Seek(positionKey(info.number, from)); bytes.HasPrefix(k, prefix) && len(rows) < limit; k, v = c.Next() {
		rows = append(rows, entry{number: parseNumber(v), log: info, seq: number64(k[4:])})
	}
	return rows, nil
}

func (r *reader) ByID(id wire.MessageID) (chat.Event, error) {
	found, err := r.ByPrefix(id.String(), 1)
	if err != nil {
		return chat.Event{}, err
	}
	if len(found) == 0 || id.IsZero() {
		return chat.Event{}, notFound("no such message")
	}
	return found[0], nil
}

// ByPrefix returns the events by rising id, cut to 8 bytes, then as they came.
func (r *reader) ByPrefix(prefix string, limit int) ([]chat.Event, error) {
	var found []chat.Event
	for n, err := range r.ids(prefix) {
		if err != nil {
			return nil, err
		}
		if len(found) >= limit {
			break
		}
		e, err := r.event(n)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(e.ID.String(), prefix) {
			found = append(found, e)
		}
	}
	return found, nil
}

// ids yields the journal numbers of the events whose id may begin with prefix.
func (r *reader) ids(prefix string) iter.Seq2[uint64, error] {
	short := prefix[:min(len(prefix), 2*idPrefix)]
	return func(yield func(uint64, error) bool) {
		start, err := hex.DecodeString(short + strings.Repeat("0", len(short)%2))
		if err != nil {
			return // no id looks like that
		}
		for {
			keys, err := r.idKeys(start, short)
			if err != nil {
				yield(0, err)
				return
			}
			for _, k := range keys {
				if !yield(number64(k[idPrefix:]), nil) {
					return
				}
			}
			if len(keys) < page {
				return
			}
			start = append(keys[page-1], 0)
		}
	}
}

func (r *reader) idKeys(start []byte, prefix string) (keys [][]byte, err error) {
	defer guard(&err)
	c := r.bucket(bucketIDs).Cursor()
	for k, _ := c.Seek(start); len(k) == idPrefix+8 && len(keys) < page; k, _ = c.Next() {
		if !strings.HasPrefix(hex.EncodeToString(k[:idPrefix]), prefix) {
			break
		}
		keys = append(keys, bytes.Clone(k))
	}
	return keys, nil
}
