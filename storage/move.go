package storage

import (
	"encoding/binary"

	"github.com/truce-im/truce/chat"
)

// Move keeps whether the event is listed. It folds the tail first, for a tail
// cannot forget what older states still have.
func (w *writer) Move(from chat.Ref, e chat.Event) error {
	old, err := w.Event(from.Log, from.Seq)
	if err != nil {
		return err
	}
	was, err := w.log(from.Log)
	if err != nil {
		return err
	}
	is, err := w.makeLog(e.Log)
	if err != nil {
		return err
	}
	if err := w.foldNow(); err != nil {
		return err
	}
	e.ID, e.Listed = old.ID, old.Listed
	number := binary.AppendUvarint(nil, old.Cursor)
	if err := w.remove(bucketPositions, positionKey(was.number, from.Seq)); err != nil {
		return err
	}
	if err := w.put(bucketPositions, positionKey(is.number, e.Seq), number); err != nil {
		return err
	}
	if e.Listed {
		if err := w.remove(bucketOrders, orderKey(was.conv, old.Order, was.number, from.Seq)); err != nil {
			return err
		}
		if err := w.put(bucketOrders, orderKey(is.conv, e.Order, is.number, e.Seq), number); err != nil {
			return err
		}
	}
	return w.putEvent(old.Cursor, fromEvent(is.number, &e))
}
