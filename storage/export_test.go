package storage

import "go.etcd.io/bbolt"

// WithCommit returns o with f in the place of bbolt's Commit.
func (o Options) WithCommit(f func(*bbolt.Tx) error) Options {
	o.hooks.commit = f
	return o
}

// WithOpen returns o with f around the opening of the file.
func (o Options) WithOpen(f func(path string, open func(string) (*bbolt.DB, error)) (*bbolt.DB, error)) Options {
	o.hooks.open = func(path string) (*bbolt.DB, error) { return f(path, openFile) }
	return o
}

// WithTail returns o with indexes that lag at most n rows behind.
func (o Options) WithTail(n int) Options {
	o.hooks.tailMax = n
	return o
}

// WithPage returns o with sequences that take n rows at a time.
func (o Options) WithPage(n int) Options {
	o.hooks.page = n
	return o
}

// WithScanRows returns o with scans that look at n rows at a time.
func (o Options) WithScanRows(n int) Options {
	o.hooks.scanRows = n
	return o
}

// SchemaVersion is the newest schema.
var SchemaVersion = schemaVersion

// Waiting returns how many updates wait for their turn.
func Waiting(s *Store) int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.list)
}

// ReencodeEvent parses the plain text of an event's row and writes it again.
func ReencodeEvent(b []byte) ([]byte, error) {
	var row eventRow
	if err := row.parse(b); err != nil {
		return nil, err
	}
	return row.append(nil), nil
}

// DecodeRows tries b as each of the other rows, as it stands and sealed.
func DecodeRows(b []byte) {
	for _, row := range []any{
		new(selfRow), new(settingRow), new(contactRow), new(convRow), new(logRow), new(headRow),
		new(doneRow), new(peersRow), new(cardRow), new(pictureRow), new(noteRow), new(foldRow),
	} {
		decode(bucketSelf, b, row)
	}
	keys := newKeyring([32]byte{})
	keys.unseal(new(scratch), bucketSelf, keySelf, b, func(uint32) (runID, error) { return runID{}, nil })
}

// WithRewrite returns o with rewrites that take n rows at a time, remember half
// as many, and call f, if it is not nil, at each step.
func (o Options) WithRewrite(n int, f func(step string) error) Options {
	o.hooks.rewriteRows, o.hooks.touchedMax, o.hooks.rewrite = n, max(1, n/2), f
	return o
}

// WithFree returns o with a disk that has so much left.
func (o Options) WithFree(free func() uint64) Options {
	o.hooks.free = func(string) (uint64, error) { return free(), nil }
	return o
}

// OpenedBy returns how many rows of a file that key opens.
func OpenedBy(tx *bbolt.Tx, key [32]byte) (n int) {
	keys := newKeyring(key)
	r := &reader{s: &Store{keys: keys}, tx: tx}
	for b := range bucketCount {
		tx.Bucket(b.name()).ForEach(func(k, v []byte) error {
			if v != nil {
				if _, err := keys.unseal(&r.scratch, b, k, v, r.runID); err == nil {
					n++
				}
			}
			return nil
		})
	}
	return n
}
