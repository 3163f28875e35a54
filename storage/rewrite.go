package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
)

// ErrRewriting: the store is being rewritten already.
var ErrRewriting = errors.New("the store is being rewritten already")

// draftSuffix is put to the name of the file that a rewrite makes. One that a
// crash left is of no use, and is removed by Open.
const draftSuffix = ".rewrite"

// RewriteOptions of Store.Rewrite. Key must be set.
type RewriteOptions struct {
	// Key is the new data key. It must be new: drawn for this file alone.
	Key [32]byte
	// Born tells the birth of the new file, which becomes that of chat.Self;
	// nil or an empty answer leaves it as it is.
	Born func(path string) string
	// Progress is called after each step with the rows of the journal that are
	// done, and all there are; may be nil.
	Progress func(done, total uint64)
	// Pause is called after each step with the time that it took, and rests as
	// long as it likes; nil: no rest. An error ends the rewrite.
	Pause func(ctx context.Context, worked time.Duration) error
}

// Rewrite makes a new file of the store under a new data key: the rows that
// there are, and nothing that was deleted or replaced. Copy does the work while
// the store is used; Switch puts the new file in the place of the old one. It
// belongs to one goroutine.
type Rewrite struct {
	s     *Store
	opt   RewriteOptions
	draft string
	db    *bbolt.DB
	to    *Store // how the draft is written; never opened for others
	copier
	touched *touched
}

// Rewrite begins one. Close it after use. There can be one at a time, else it is
// ErrRewriting. Where the disk has too little room for a second file the error
// says so, and nothing was done.
func (s *Store) Rewrite(ctx context.Context, opt RewriteOptions) (*Rewrite, error) {
	if err := s.roomForDraft(); err != nil {
		return nil, err
	}
	r := &Rewrite{s: s, opt: opt, draft: s.path + draftSuffix, touched: &touched{}}
	if err := s.follow(ctx, r.touched); err != nil {
		return nil, err
	}
	if err := r.begin(); err != nil {
		r.Close()
		return nil, failed(err, "the store cannot be rewritten")
	}
	return r, nil
}

// follow notes in t, from now on, what commits change.
func (s *Store) follow(ctx context.Context, t *touched) error {
	select {
	case s.lead <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.lead }()
	switch {
	case s.closed.Load():
		return ErrClosed
	case s.touched != nil:
		return ErrRewriting
	}
	s.touched, s.marked = t, false
	return nil
}

// Size is how many bytes the file of the store takes.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// roomForDraft refuses if a copy of the file might not leave enough to append.
func (s *Store) roomForDraft() error {
	size, err := s.Size()
	if err != nil {
		return err
	}
	free, err := s.opt.hooks.free(s.path)
	if need := uint64(size) + chat.MinFree; err == nil && free < need {
		return chat.Errorf(chat.CodeFailed, "the disk has too little room to rewrite the store: %d MiB are free, a second copy needs %d MiB", free>>20, need>>20).
			WithHint("make room on the disk; nothing was changed")
	}
	return err
}

// begin makes the draft: a store of the same generation under the new key.
func (r *Rewrite) begin() (err error) {
	if err := os.Remove(r.draft); err != nil && !os.IsNotExist(err) {
		return err
	}
	if r.db, err = openFile(r.draft); err != nil {
		return err
	}
	keys := newKeyring(r.opt.Key)
	if err := migrate(r.db, keys); err != nil {
		return err
	}
	r.to = &Store{path: r.draft, opt: r.s.opt, keys: keys, names: newNameCache()}
	r.rows = r.s.opt.hooks.rewriteRows
	if r.opt.Born != nil {
		r.birth = r.opt.Born(r.draft)
	}
	return r.step(func(from *reader, to *writer) (err error) {
		if r.to.sealer, err = to.newSealer(); err != nil {
			return err
		}
		return copyMeta(from, to)
	})
}

// step runs fn on the newest state and commits what it wrote to the draft.
func (r *Rewrite) step(fn stepFunc) (err error) {
	if err := r.hook("step"); err != nil {
		return err
	}
	tx, err := r.db.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing to do once committed
	err = r.s.View(func(from chat.Reader) error {
		return fn(from.(*reader), newWriter(r.to, &state{tail: newTail()}, tx))
	})
	if err != nil {
		return err
	}
	return commitDraft(tx)
}

func commitDraft(tx *bbolt.Tx) (err error) {
	defer guard(&err)
	return tx.Commit()
}

// paced is step, with what goes with it between two steps.
func (r *Rewrite) paced(ctx context.Context, fn stepFunc) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if free, err := r.s.opt.hooks.free(r.s.path); err != nil {
		return err
	} else if free < chat.MinFree {
		return chat.Errorf(chat.CodeFailed, "the disk has become too full to rewrite the store").
			WithHint("make room on the disk; nothing was changed")
	}
	begun := r.s.opt.Now()
	if err := r.step(fn); err != nil {
		return err
	}
	if r.touched.len() > r.s.opt.hooks.touchedMax {
		if err := r.copyTouched(r.step); err != nil {
			return err
		}
	}
	if r.opt.Progress != nil {
		r.opt.Progress(r.copied, r.total)
	}
	if r.opt.Pause == nil {
		return nil
	}
	return r.opt.Pause(ctx, r.s.opt.Now().Sub(begun))
}

// Close drops what was made, unless Switch has put it in place.
func (r *Rewrite) Close() error {
	r.s.lead <- struct{}{}
	if r.s.touched == r.touched {
		r.s.touched = nil
	}
	<-r.s.lead
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	if removeErr := os.Remove(r.draft); removeErr != nil && !os.IsNotExist(removeErr) {
		err = errors.Join(err, removeErr)
	}
	return err
}

func (r *Rewrite) hook(step string) error {
	if r.s.opt.hooks.rewrite == nil {
		return nil
	}
	return r.s.opt.hooks.rewrite(step)
}

// CheckKey reports by ErrWrongKey that the store at path is sealed with another
// data key. The store must not be open; an absent one is fs.ErrNotExist.
func CheckKey(path string, key [32]byte) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := openFile(path)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkKeyOf(db, newKeyring(key)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func checkKeyOf(db *bbolt.DB, keys *keyring) (err error) {
	defer guard(&err)
	return checkKey(db, keys)
}
