package storage

import "sync"

// maxDecoded bounds the rows that are kept decoded: the contacts of a busy
// node, at 1 KiB each at most.
const maxDecoded = 4096

// decodedRows keeps rows that nearly every update asks for, and that seldom
// change, as they were decoded. A row is known by its seal, which no two rows
// ever share, not even one that was rolled back and one that came after: what is
// kept is right for whichever state asks, and nobody has to say that a row has
// changed. It is safe for concurrent use.
type decodedRows struct {
	mu   sync.RWMutex
	rows map[place]decodedRow
}

type decodedRow struct {
	seal seal
	row  any
}

func newDecodedRows() *decodedRows { return &decodedRows{rows: map[place]decodedRow{}} }

func (d *decodedRows) get(b bucket, key []byte, s seal) any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if kept := d.rows[place{b, string(key)}]; kept.seal == s {
		return kept.row
	}
	return nil
}

func (d *decodedRows) put(b bucket, key []byte, s seal, row any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rows) >= maxDecoded {
		clear(d.rows)
	}
	d.rows[place{b, string(key)}] = decodedRow{s, row}
}

// keptRow returns the row under key, or nil. It is shared: nobody changes it.
func keptRow[T any](r *reader, b bucket, key []byte) (_ *T, err error) {
	defer guard(&err)
	sealed, err := r.get(b, key)
	if err != nil || sealed == nil {
		return nil, err
	}
	keys := r.s.keys
	s, _, err := keys.sealOf(b, sealed, r.runID)
	if err != nil {
		return nil, err
	}
	if row, ok := keys.decoded.get(b, key, s).(*T); ok {
		return row, nil
	}
	row := new(T)
	if _, err := r.row(b, key, row); err != nil {
		return nil, err
	}
	keys.decoded.put(b, key, s, row)
	return row, nil
}
