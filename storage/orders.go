package storage

import (
	"bytes"
	"iter"
	"math"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func (r *reader) Before(c wire.ConvID, p *chat.Position) iter.Seq2[chat.Event, error] {
	return r.history(c, p, true)
}

func (r *reader) After(c wire.ConvID, p *chat.Position) iter.Seq2[chat.Event, error] {
	return r.history(c, p, false)
}

func (r *reader) history(id wire.ConvID, from *chat.Position, back bool) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		conv, err := r.conv(id)
		if err != nil {
			yield(chat.Event{}, err)
			return
		}
		for page := r.s.opt.hooks.page; conv != 0; {
			rows, err := r.orders(conv, from, back, page)
			if err != nil {
				yield(chat.Event{}, err)
				return
			}
			if !r.yieldAll(rows, yield) || len(rows) < page {
				return
			}
			last := rows[len(rows)-1].position()
			from = &last
		}
	}
}

// diskOrders returns the next rows of a conversation's history beyond from that
// stand on disk.
func (r *reader) diskOrders(conv uint32, from *chat.Position, back bool, limit int) (_ []entry, err error) {
	defer guard(&err)
	w := orderWalk{r: r, c: r.bucket(bucketOrders).Cursor(), conv: conv, back: back, limit: limit}
	err = w.run(from)
	return w.rows, err
}

// orderWalk goes through bucketOrders one order after the other. Most orders, in
// milliseconds, have one event. Where several share one, the logs are visited
// by device, which is not how their keys are sorted.
type orderWalk struct {
	r     *reader
	c     *bbolt.Cursor
	conv  uint32
	back  bool
	limit int
	rows  []entry
}

func (w *orderWalk) run(from *chat.Position) error {
	order := uint64(0)
	if w.back {
		order = math.MaxUint64
	}
	var k, v []byte
	if from != nil {
		order = from.Order
		if err := w.shared(order, from); err != nil {
			return err
		}
		k, v = w.beyond(order)
	} else {
		k, v = w.seek(order)
	}
	for w.here(k) && len(w.rows) < w.limit {
		order := number64(k[4:])
		nextK, nextV := w.step()
		if w.here(nextK) && number64(nextK[4:]) == order {
			if err := w.shared(order, nil); err != nil {
				return err
			}
			k, v = w.beyond(order)
			continue
		}
		if err := w.add(k, v); err != nil {
			return err
		}
		k, v = nextK, nextV
	}
	return nil
}

func (w *orderWalk) here(k []byte) bool { return len(k) == 24 && number32(k) == w.conv }

func (w *orderWalk) step() (k, v []byte) {
	if w.back {
		return w.c.Prev()
	}
	return w.c.Next()
}

// seek goes to the first row at or beyond order.
func (w *orderWalk) seek(order uint64) (k, v []byte) {
	if w.back {
		return w.before(orderKey(w.conv, order, math.MaxUint32, math.MaxUint64), true)
	}
	return w.c.Seek(orderKey(w.conv, order, 0, 0))
}

// beyond goes to the first row beyond order.
func (w *orderWalk) beyond(order uint64) (k, v []byte) {
	switch {
	case w.back:
		return w.before(orderKey(w.conv, order, 0, 0), false)
	case order == math.MaxUint64:
		return nil, nil
	}
	return w.c.Seek(orderKey(w.conv, order+1, 0, 0))
}

// before goes to the last row before key, or at it.
func (w *orderWalk) before(key []byte, at bool) (k, v []byte) {
	k, v = w.c.Seek(key)
	switch {
	case k == nil:
		return w.c.Last()
	case at && bytes.Equal(k, key):
		return k, v
	}
	return w.c.Prev()
}

func (w *orderWalk) add(k, v []byte) error {
	info, err := w.r.logNumbered(number32(k[12:]))
	if err != nil {
		return err
	}
	w.rows = append(w.rows, entry{number: parseNumber(v), log: info, order: number64(k[4:]), seq: number64(k[16:])})
	return nil
}

// shared adds the rows of one order by device, those beyond from only.
func (w *orderWalk) shared(order uint64, from *chat.Position) error {
	logs, err := w.logsAt(order)
	if err != nil {
		return err
	}
	for _, info := range logs {
		first, last := uint64(0), uint64(math.MaxUint64)
		if from != nil {
			var any bool
			if first, last, any = w.span(bytes.Compare(info.log.Device[:], from.Device[:]), from.Seq); !any {
				continue
			}
		}
		if err := w.ofLog(order, info, first, last); err != nil {
			return err
		}
	}
	return nil
}

// span returns which seqs stand beyond a position of the same order, of a
// device that compares with the position's by c.
func (w *orderWalk) span(c int, seq uint64) (first, last uint64, any bool) {
	if w.back {
		c = -c
	}
	switch {
	case c < 0:
		return 0, 0, false
	case c > 0:
		return 0, math.MaxUint64, true
	case w.back:
		return 0, seq - 1, seq > 0
	}
	return seq + 1, math.MaxUint64, seq < math.MaxUint64
}

// logsAt returns the logs that have a row at order, in the order of the walk.
func (w *orderWalk) logsAt(order uint64) ([]*logInfo, error) {
	var logs []*logInfo
	for next := uint64(0); next <= math.MaxUint32; {
		k, _ := w.c.Seek(orderKey(w.conv, order, uint32(next), 0))
		if !w.here(k) || number64(k[4:]) != order {
			break
		}
		info, err := w.r.logNumbered(number32(k[12:]))
		if err != nil {
			return nil, err
		}
		logs = append(logs, info)
		next = uint64(info.number) + 1
	}
	slices.SortStableFunc(logs, func(a, b *logInfo) int { return bytes.Compare(a.log.Device[:], b.log.Device[:]) })
	if w.back {
		slices.Reverse(logs)
	}
	return logs, nil
}

// ofLog adds the rows of one order and log with seqs from first to last.
func (w *orderWalk) ofLog(order uint64, info *logInfo, first, last uint64) error {
	var k, v []byte
	if w.back {
		k, v = w.before(orderKey(w.conv, order, info.number, last), true)
	} else {
		k, v = w.c.Seek(orderKey(w.conv, order, info.number, first))
	}
	for len(w.rows) < w.limit && w.here(k) && number64(k[4:]) == order && number32(k[12:]) == info.number {
		if err := w.add(k, v); err != nil {
			return err
		}
		k, v = w.step()
	}
	return nil
}
