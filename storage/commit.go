package storage

import (
	"bytes"
	"crypto/rand"
	"errors"

	"go.etcd.io/bbolt"
)

// What follows belongs to the leader: whoever holds s.lead.

// ready sees to it that there is a file to write to, and that this run has a
// key.
func (s *Store) ready() error {
	if err := s.revive(); err != nil {
		return err
	}
	if s.sealer != nil {
		return nil
	}
	w, err := s.beginWrite()
	if err != nil {
		return err
	}
	defer w.tx.Rollback()
	sealer, err := w.newSealer()
	if err != nil {
		return failed(err, "the store cannot be written")
	}
	if err := s.commit(w); err != nil {
		return err
	}
	s.sealer = sealer
	return nil
}

// newSealer registers a run. Its key is good once w is committed.
func (w *writer) newSealer() (*sealer, error) {
	number, id, err := w.startRun()
	if err != nil {
		return nil, err
	}
	return &sealer{number: number, aead: w.s.keys.addRun(number, id)}, nil
}

func (s *Store) beginWrite() (*writer, error) {
	st := s.state.Load()
	if st.broken != nil {
		return nil, st.broken
	}
	tx, err := st.db.Begin(true)
	if err != nil {
		return nil, failed(err, "the store cannot be written")
	}
	return newWriter(s, st, tx), nil
}

// commit makes what w wrote durable and shows it to readers. If it fails, the
// file is opened anew, for bbolt may have written what it called failed: commit
// returns nil if that is so.
func (s *Store) commit(w *writer) error {
	old := s.state.Load()
	next, err := w.settle(old)
	mark := make([]byte, 16)
	rand.Read(mark)
	if err == nil {
		err = w.put(bucketMeta, keyCommit, mark)
	}
	if err != nil {
		return failed(err, "the store cannot be written")
	}

	s.swap.Lock()
	defer s.swap.Unlock()
	defer func() { s.touched.add(w.touched) }() // also if it is not known whether it landed
	if err := s.sync(w.tx); err != nil {
		landed, reopenErr := s.reopen(old, mark)
		switch {
		case reopenErr != nil:
			return failed(errors.Join(ErrBroken, err, reopenErr), "it is not known whether what was written is on disk")
		case !landed:
			return failed(err, "the disk did not take what was written")
		}
	} else {
		s.state.Store(next())
	}
	s.commits.Add(1)
	s.names.merge(w.made)
	s.changed.broadcast()
	if w.marked {
		s.marked = true
		s.marks.broadcast()
	}
	return nil
}

// sync is bbolt's Commit without its panics.
func (s *Store) sync(tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = corruptf("%v", p)
			unlock(tx)
		}
	}()
	return s.opt.hooks.commit(tx)
}

// unlock ends a transaction that panicked, so that its file can be closed.
func unlock(tx *bbolt.Tx) (err error) {
	defer guard(&err)
	return tx.Rollback()
}

// reopen closes the file and opens it again, and reports whether the commit
// with that mark is in it. The caller holds swap.
func (s *Store) reopen(old *state, mark []byte) (landed bool, err error) {
	old.db.Close()
	st, _, err := s.load(false)
	if err == nil {
		var last []byte
		if last, err = readCommit(st.db); err != nil {
			st.db.Close()
		}
		landed = bytes.Equal(last, mark)
	}
	if err != nil {
		s.state.Store(&state{broken: failed(errors.Join(ErrBroken, err), "the store cannot be opened again")})
		return false, err
	}
	s.state.Store(st)
	return landed, nil
}

// revive opens the file if it could not be opened after a failure.
func (s *Store) revive() error {
	old := s.state.Load()
	if old.broken == nil || errors.Is(old.broken, ErrClosed) {
		return old.broken
	}
	st, _, err := s.load(false)
	if err != nil {
		return failed(errors.Join(ErrBroken, err), "the store cannot be opened again")
	}
	s.swap.Lock()
	defer s.swap.Unlock()
	s.state.Store(st)
	return nil
}

// repair is revive for those who only read.
func (s *Store) repair() error {
	s.lead <- struct{}{}
	defer func() { <-s.lead }()
	return s.revive()
}
