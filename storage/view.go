package storage

import (
	"errors"
	"runtime/debug"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/truce-im/truce/chat"
)

// View runs fn on the newest state that is on disk. fn must not call the Store,
// nor use what it got after it has returned.
func (s *Store) View(fn func(chat.Reader) error) error {
	r, err := s.begin()
	if err != nil {
		return err
	}
	defer r.tx.Rollback()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // of a file that was cut meanwhile
	return fn(r)
}

// begin opens a read transaction of exactly the published state. While bbolt
// syncs a commit its readers see it already, although it may yet fail: those
// who meet that wait until it is known.
func (s *Store) begin() (*reader, error) {
	if s.state.Load().broken != nil {
		if err := s.repair(); err != nil {
			return nil, err
		}
	}
	if r, err := s.tryBegin(); r != nil || err != nil {
		return r, err
	}
	s.swap.RLock()
	defer s.swap.RUnlock()
	r, err := s.tryBegin()
	if r == nil && err == nil {
		err = failed(ErrBroken, "another program wrote to the store")
	}
	return r, err
}

// tryBegin returns nothing if a commit is under way.
func (s *Store) tryBegin() (*reader, error) {
	st := s.state.Load()
	if st.broken != nil {
		return nil, st.broken
	}
	tx, err := st.db.Begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return nil, nil // it is being opened again
	}
	if err != nil {
		return nil, failed(err, "the store cannot be read")
	}
	if tx.ID() != st.txid {
		return nil, tx.Rollback()
	}
	return newReader(s, st, tx), nil
}

// reader reads one transaction. It belongs to one goroutine.
type reader struct {
	s       *Store
	tx      *bbolt.Tx
	buckets [bucketCount]*bbolt.Bucket
	idRuns  []*bbolt.Bucket // of bucketIDs, once looked for
	cursor  uint64
	tail    *tail
	scratch scratch

	doneNames [32]byte
	// What this transaction wrote itself; empty in a view.
	made  names
	fresh *tail
}

func newReader(s *Store, st *state, tx *bbolt.Tx) *reader {
	return &reader{s: s, tx: tx, cursor: st.cursor, tail: st.tail, doneNames: st.doneNames}
}

// bucket may panic on a damaged file.
func (r *reader) bucket(b bucket) *bbolt.Bucket {
	if r.buckets[b] == nil {
		r.buckets[b] = r.tx.Bucket(b.name())
	}
	return r.buckets[b]
}

// get returns the bytes under key, or nil. They are valid until the next write.
func (r *reader) get(b bucket, key []byte) (v []byte, err error) {
	defer guard(&err)
	return r.bucket(b).Get(key), nil
}

// plain returns the unsealed row under key, or nil.
func (r *reader) plain(b bucket, key []byte) ([]byte, error) {
	v, err := r.get(b, key)
	if err != nil || v == nil {
		return nil, err
	}
	return r.s.keys.unseal(&r.scratch, b, key, v, r.runID)
}

// row decodes the row under key into row, and reports whether there is one.
func (r *reader) row(b bucket, key []byte, row any) (bool, error) {
	plain, err := r.plain(b, key)
	if err != nil || plain == nil {
		return false, err
	}
	return true, decode(b, plain, row)
}

func decode(b bucket, plain []byte, row any) error {
	if err := decMode.Unmarshal(plain, row); err != nil {
		return corruptf("a row of %s: %w", b.name(), err)
	}
	return nil
}

func (r *reader) runID(number uint32) (id runID, err error) {
	v, err := r.get(bucketRuns, be32(number))
	if err != nil {
		return id, err
	}
	if len(v) != len(id) {
		return id, corruptf("there is no run %d", number)
	}
	return runID(v), nil
}
