package storage

import (
	"io"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// Snapshot is the file as it stood when Snapshot was called. It keeps its pages
// from being used again, and Store.Close waiting, until it is closed. It belongs
// to one goroutine.
type Snapshot struct{ tx *bbolt.Tx }

var _ io.WriterTo = (*Snapshot)(nil)

// Snapshot returns a consistent copy of the store to be written out while the
// store is used. What it writes is opened with the same Key.
func (s *Store) Snapshot() (*Snapshot, error) {
	r, err := s.begin()
	if err != nil {
		return nil, err
	}
	return &Snapshot{r.tx}, nil
}

// Size is how many bytes WriteTo writes.
func (s *Snapshot) Size() int64 { return s.tx.Size() }

// WriteTo writes the file to w.
func (s *Snapshot) WriteTo(w io.Writer) (n int64, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return s.tx.WriteTo(w)
}

// Close releases the snapshot.
func (s *Snapshot) Close() error { return s.tx.Rollback() }
