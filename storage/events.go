package storage

import (
	"encoding/binary"
	"encoding/hex"
	"iter"
	"strings"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// pageRows is how many rows of an index a sequence takes at a time. Nothing of
// bbolt is held between two pages, so that who reads may write meanwhile.
const pageRows = 64

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
	if err := row.parse(plain); err != nil {
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
	plain, err := r.plain(bucketJournal, be64(number))
	if err != nil {
		return chat.Event{}, err
	}
	if len(plain) == 0 || chat.ChangeKind(plain[0]) != chat.ChangeEvent {
		return chat.Event{}, corruptf("row %d of the journal is no event", number)
	}
	return r.decodeEvent(number, plain[1:])
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
	info, err := r.log(l)
	if err != nil {
		return chat.Event{}, err
	}
	if info != nil {
		if n, err := r.positionOf(info, seq); err != nil {
			return chat.Event{}, err
		} else if n != 0 {
			return r.event(n)
		}
	}
	return chat.Event{}, notFound("no such event")
}

func (r *reader) Events(l wire.Log, from uint64) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		info, err := r.log(l)
		if err != nil {
			yield(chat.Event{}, err)
			return
		}
		for page := r.s.opt.hooks.page; info != nil; {
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

func (r *reader) ByID(id wire.MessageID) (chat.Event, error) {
	if !id.IsZero() {
		found, err := r.byID(idRange(id[:], false), 1, func(e *chat.Event) bool { return e.ID == id })
		if err != nil || len(found) > 0 {
			return append(found, chat.Event{})[0], err
		}
	}
	return chat.Event{}, notFound("no such message")
}

// ByPrefix returns the events by rising id, cut to 8 bytes, then as they came.
func (r *reader) ByPrefix(prefix string, limit int) ([]chat.Event, error) {
	odd := len(prefix)%2 == 1
	raw, err := hex.DecodeString(prefix + strings.Repeat("0", len(prefix)%2))
	if err != nil || len(raw) > len(wire.MessageID{}) {
		return nil, nil // no id looks like that
	}
	return r.byID(idRange(raw, odd), limit, func(e *chat.Event) bool { return strings.HasPrefix(e.ID.String(), prefix) })
}

// idSpan is a part of the index of ids, ends included.
type idSpan struct{ first, last idEntry }

// idRange returns where the ids stand that begin with raw, or, if it is odd,
// with all of raw but its last four bits.
func idRange(raw []byte, odd bool) (s idSpan) {
	for i := range s.last {
		s.last[i] = 0xff
	}
	n := min(len(raw), idPrefix)
	copy(s.first[:n], raw)
	copy(s.last[:n], raw)
	if odd && len(raw) <= idPrefix {
		s.last[n-1] |= 0x0f
	}
	return s
}

// byID returns the first events of a span that want accepts.
func (r *reader) byID(s idSpan, limit int, want func(*chat.Event) bool) (found []chat.Event, err error) {
	for page := r.s.opt.hooks.page; ; {
		rows, err := r.ids(s.first, s.last, page)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if len(found) >= limit {
				return found, nil
			}
			e, err := r.event(row.number())
			if err != nil {
				return nil, err
			}
			if want(&e) {
				found = append(found, e)
			}
		}
		if len(rows) < page {
			return found, nil
		}
		s.first = rows[page-1].next()
	}
}
