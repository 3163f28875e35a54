package storage

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"go.etcd.io/bbolt"
)

// Switch puts the draft in the place of the store's file. Updates wait
// meanwhile: for what was left to copy, and for views to end; a Snapshot must
// not be open. ready is called when the draft is whole and on disk: it must not
// return before the new key is, too, beside the old one. Whether the file may have
// been switched stands in the result also beside an error: the old key may go only
// where there is none, and the new one only if it was not. CheckKey tells after a
// crash which key is the right one.
func (r *Rewrite) Switch(ready func() error) (switched bool, err error) {
	s := r.s
	s.lead <- struct{}{}
	defer func() { <-s.lead }()
	if err := s.revive(); err != nil {
		return false, err
	}
	if err := r.level(); err != nil {
		return false, failed(err, "the store cannot be rewritten")
	}
	if err := r.hook("ready"); err != nil {
		return false, err
	}
	if err := ready(); err != nil {
		return false, err
	}
	if switched, err = r.swap(); err != nil {
		err = failed(err, "the rewritten store cannot be put in place")
	}
	return switched, err
}

// level copies the rest, while nothing can be written, and closes the draft.
func (r *Rewrite) level() error {
	if err := r.hook("level"); err != nil {
		return err
	}
	if err := r.copyNew(r.step); err != nil {
		return err
	}
	if err := r.step(r.finish); err != nil {
		return err
	}
	err := r.db.Close()
	r.db = nil
	return err
}

// finish writes what the draft can have only once all else is there.
func (r *Rewrite) finish(from *reader, to *writer) error {
	if err := r.putIDs(to); err != nil {
		return err
	}
	if err := to.put(bucketMeta, keyFolded, be64(r.copied)); err != nil {
		return err
	}
	for _, b := range []bucket{bucketContacts, bucketConvs, bucketLogs} {
		if err := copySequence(from.bucket(b), to.bucket(b)); err != nil {
			return err
		}
	}
	if !r.touched.marked {
		if err := to.remove(bucketSettings, []byte(RewriteDue)); err != nil {
			return err
		}
	}
	return to.PutSetting(Rewritten, strconv.FormatInt(r.s.opt.Now().UnixMilli(), 10))
}

// copySequence keeps numbers from being given twice.
func copySequence(from, to *bbolt.Bucket) (err error) {
	defer guard(&err)
	return to.SetSequence(from.Sequence())
}

// swap exchanges the files. The old one is closed first, for not every system
// replaces a file that is open.
func (r *Rewrite) swap() (switched bool, err error) {
	s := r.s
	s.swap.Lock()
	defer s.swap.Unlock()
	s.state.Load().db.Close()
	if err = r.hook("swap"); err == nil {
		err = os.Rename(r.draft, s.path)
	}
	if switched = err == nil || gone(r.draft); switched { // network disks fail at what they have done
		s.keys, s.sealer, s.touched, s.marked = r.to.keys, nil, nil, false
		err = errors.Join(err, syncDir(s.path), r.hook("swapped"))
	}
	st, _, loadErr := s.load(false)
	if loadErr != nil {
		st = &state{broken: failed(errors.Join(ErrBroken, loadErr), "the store cannot be opened again")}
	}
	s.state.Store(st)
	return switched || loadErr != nil, errors.Join(err, loadErr)
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
