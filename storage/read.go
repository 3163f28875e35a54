package storage

import (
	"bytes"
	"iter"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

var _ chat.Reader = (*reader)(nil)

func (r *reader) Cursor() uint64 { return r.cursor }

func (r *reader) Self() (chat.Self, error) {
	row, err := keptRow[selfRow](r, bucketSelf, keySelf)
	if err != nil {
		return chat.Self{}, err
	}
	if row == nil {
		return chat.Self{}, notFound("this home has no account yet")
	}
	return toSelf(row), nil
}

func (r *reader) Setting(name string) (string, error) {
	row, err := keptRow[settingRow](r, bucketSettings, []byte(name))
	if err != nil || row == nil {
		return "", err
	}
	return row.Value, nil
}

func (r *reader) Contact(a wire.Account) (chat.Contact, error) {
	n, err := r.contact(a)
	if err != nil {
		return chat.Contact{}, err
	}
	if n != 0 {
		row, err := keptRow[contactRow](r, bucketContacts, be32(n))
		if err != nil {
			return chat.Contact{}, err
		}
		if row != nil {
			return toContact(row), nil
		}
	}
	return chat.Contact{}, notFound("no such contact")
}

func (r *reader) Contacts() iter.Seq2[chat.Contact, error] {
	return func(yield func(chat.Contact, error) bool) {
		last, err := r.last(bucketContacts)
		if err != nil {
			yield(chat.Contact{}, err)
			return
		}
		for n := uint32(1); n <= last; n++ {
			row, err := keptRow[contactRow](r, bucketContacts, be32(n))
			if err != nil {
				yield(chat.Contact{}, err)
				return
			}
			if row != nil && !yield(toContact(row), nil) {
				return
			}
		}
	}
}

// last returns the last local number given in b.
func (r *reader) last(b bucket) (n uint32, err error) {
	defer guard(&err)
	return uint32(r.bucket(b).Sequence()), nil
}

func (r *reader) Log(l wire.Log) (chat.LogState, error) {
	none := chat.LogState{Log: l}
	info, err := r.log(l)
	if err != nil || info == nil {
		return none, err
	}
	var row headRow
	ok, err := r.row(bucketHeads, headKey(info.conv, info.number), &row)
	if err != nil || !ok {
		return none, err
	}
	return toLogState(l, row), nil
}

// Logs returns those that were put, in the order in which they became known.
func (r *reader) Logs(id wire.ConvID) ([]chat.LogState, error) {
	conv, err := r.conv(id)
	if err != nil || conv == 0 {
		return nil, err
	}
	keys, err := r.keysUnder(bucketHeads, be32(conv))
	if err != nil {
		return nil, err
	}
	var logs []chat.LogState
	for _, k := range keys {
		var row headRow
		if _, err := r.row(bucketHeads, k, &row); err != nil {
			return nil, err
		}
		info, err := r.logNumbered(number32(k[4:]))
		if err != nil {
			return nil, err
		}
		logs = append(logs, toLogState(info.log, row))
	}
	return logs, nil
}

// keysUnder returns all keys of b that begin with prefix.
func (r *reader) keysUnder(b bucket, prefix []byte) (keys [][]byte, err error) {
	defer guard(&err)
	c := r.bucket(b).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys, nil
}

func (r *reader) Conv(id wire.ConvID) (chat.Conv, error) {
	none := chat.Conv{ID: id}
	conv, err := r.conv(id)
	if err != nil || conv == 0 {
		return none, err
	}
	var row convRow
	ok, err := r.row(bucketConvs, be32(conv), &row)
	if err != nil || !ok {
		return none, err
	}
	return toConv(row), nil
}

func (r *reader) Done(key string) (chat.Done, error) {
	var row doneRow
	ok, err := r.row(bucketDone, r.doneName(key), &row)
	if err != nil {
		return chat.Done{}, err
	}
	if !ok {
		return chat.Done{}, notFound("that key was never used")
	}
	return toDone(row), nil
}

func (r *reader) doneName(key string) []byte { return keyedName(r.doneNames, labelDone, []byte(key)) }

func (r *reader) Peers(a wire.Account) ([]chat.Peer, error) {
	var row peersRow
	_, err := r.row(bucketPeers, r.s.keys.name(labelPeers, a[:]), &row)
	if err != nil {
		return nil, err
	}
	return toPeers(row), nil
}

func (r *reader) Card(a wire.Account) (chat.Card, error) {
	row, err := keptRow[cardRow](r, bucketCards, r.s.keys.name(labelCards, a[:]))
	if err != nil || row == nil {
		return chat.Card{Account: a}, err
	}
	return toCard(row), nil
}

func (r *reader) HasPicture(a wire.Account) (bool, error) {
	v, err := r.get(bucketPictures, r.s.keys.name(labelPictures, a[:]))
	return v != nil, err
}

func (r *reader) Picture(a wire.Account) ([]byte, error) {
	var row pictureRow
	if _, err := r.row(bucketPictures, r.s.keys.name(labelPictures, a[:]), &row); err != nil {
		return nil, err
	}
	return sliceOrNil(row.File), nil
}
