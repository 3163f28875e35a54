package storage

import (
	"bytes"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// lockTimeout is how long to wait for bbolt's own lock on the file. The home's
// lock keeps others away, so this one is free or will stay taken.
const lockTimeout = 100 * time.Millisecond

// growBy is by how much the file grows at a time: little enough for a new home
// to be small, and yet a thousand events and more.
const growBy = 1 << 20

// initialMap is the address space taken for the file from the start: growing
// it later waits for all views to end. It costs no memory. Windows would make
// the file that long, and 32 bits have none to give away.
func initialMap() int {
	if bits.UintSize == 32 || runtime.GOOS == "windows" {
		return 0
	}
	return 1 << 30
}

func openFile(path string) (_ *bbolt.DB, err error) {
	var file *os.File
	defer func() {
		if p := recover(); p != nil { // bbolt's, on a damaged file, which it leaves open and locked
			release(file)
			err = corruptf("%v", p)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
		Timeout:         lockTimeout,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: initialMap(),
		NoStatistics:    true,
	})
	if err != nil {
		return nil, openError(err)
	}
	db.AllocSize = growBy
	if err := checkSize(db); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// checkSize refuses a file that was cut: bbolt would read beyond its end.
func checkSize(db *bbolt.DB) (err error) {
	defer guard(&err)
	info, err := os.Stat(db.Path())
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > info.Size() {
			return corruptf("it is cut short: %d bytes of %d", info.Size(), tx.Size())
		}
		return nil
	})
}

// load opens the file and reads what stands beside it in memory.
func (s *Store) load(upgrade bool) (st *state, generation []byte, err error) {
	db, err := s.opt.hooks.open(s.path)
	if err != nil {
		return nil, nil, err
	}
	st, generation, err = s.loadFrom(db, upgrade)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return st, generation, nil
}

func (s *Store) loadFrom(db *bbolt.DB, upgrade bool) (st *state, generation []byte, err error) {
	defer guard(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if upgrade {
		if err := checkKey(db, s.keys); err != nil {
			return nil, nil, err
		}
		if err := migrate(db, s.keys); err != nil {
			return nil, nil, err
		}
	}
	err = db.View(func(tx *bbolt.Tx) error {
		generation = slices.Clone(tx.Bucket(bucketMeta.name()).Get(keyGeneration))
		st = &state{db: db, txid: tx.ID(), tail: newTail()}
		if st.cursor, st.folded, err = readHeads(tx); err != nil {
			return err
		}
		r := newReader(s, st, tx)
		if st.doneNames, err = r.readDoneNames(); err != nil {
			return err
		}
		return r.readTail(st.folded)
	})
	return st, generation, err
}

// readHeads returns the last number of the journal, and that which the indexes
// have.
func readHeads(tx *bbolt.Tx) (cursor, folded uint64, err error) {
	last, _ := tx.Bucket(bucketJournal.name()).Cursor().Last()
	mark := tx.Bucket(bucketMeta.name()).Get(keyFolded)
	if last != nil && len(last) != 8 || mark != nil && len(mark) != 8 {
		return 0, 0, corruptf("the journal has no proper end")
	}
	if last != nil {
		cursor = number64(last)
	}
	if mark != nil {
		folded = number64(mark)
	}
	if folded > cursor {
		return 0, 0, corruptf("the journal ends at %d, its indexes at %d", cursor, folded)
	}
	return cursor, folded, nil
}

// readDoneNames: a store that was never rewritten has no such row.
func (r *reader) readDoneNames() ([32]byte, error) {
	row := doneNamesRow{Key: r.s.keys.names}
	_, err := r.row(bucketSelf, keyDoneNames, &row)
	return row.Key, err
}

// checkKey finds out whether the data key is the right one, before anything is
// changed.
func checkKey(db *bbolt.DB, keys *keyring) error {
	return db.View(func(tx *bbolt.Tx) error {
		schema, err := readSchema(tx)
		if err != nil || schema == 0 {
			return err
		}
		meta := tx.Bucket(bucketMeta.name())
		if !bytes.Equal(meta.Get(keyCheck), keys.check(meta.Get(keyGeneration))) {
			return ErrWrongKey
		}
		return nil
	})
}

// readCommit returns the mark of the last commit.
func readCommit(db *bbolt.DB) (mark []byte, err error) {
	defer guard(&err)
	err = db.View(func(tx *bbolt.Tx) error {
		mark = slices.Clone(tx.Bucket(bucketMeta.name()).Get(keyCommit))
		return nil
	})
	return mark, err
}
