package storage

import (
	"cmp"
	"encoding/hex"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
)

// Options of Open. Key must be set.
type Options struct {
	// Key is the data key. All rows are sealed under keys derived from it.
	Key [32]byte
	// Now tells the time for the cache of Free; nil means time.Now.
	Now func() time.Time

	hooks hooks
}

// hooks let tests break things, and make them small.
type hooks struct {
	commit   func(*bbolt.Tx) error
	tailMax  int
	page     int
	scanRows int
	open     func(path string) (*bbolt.DB, error)
	free     func(path string) (uint64, error)
	// Of a rewrite: rows of a step, rows remembered, and what is called at each step.
	rewriteRows int
	touchedMax  int
	rewrite     func(step string) error
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.hooks.commit == nil {
		o.hooks.commit = (*bbolt.Tx).Commit
	}
	if o.hooks.open == nil {
		o.hooks.open = openFile
	}
	if o.hooks.free == nil {
		o.hooks.free = diskFree
	}
	o.hooks.rewriteRows = cmp.Or(o.hooks.rewriteRows, rewriteRows)
	o.hooks.touchedMax = cmp.Or(o.hooks.touchedMax, touchedMax)
	o.hooks.tailMax = cmp.Or(o.hooks.tailMax, tailMax)
	o.hooks.page = cmp.Or(o.hooks.page, pageRows)
	o.hooks.scanRows = cmp.Or(o.hooks.scanRows, scanRows)
	return o
}

// Store is a chat.Store in one bbolt file. It is safe for concurrent use.
type Store struct {
	path       string
	opt        Options
	keys       *keyring // changed by a rewrite alone, under swap
	generation string
	names      *nameCache
	free       freeCache

	state atomic.Pointer[state]
	// swap is held by whoever commits from just before the commit until the new
	// state is published, and while the file is opened again.
	swap sync.RWMutex

	queue   queue
	lead    chan struct{} // holds one token: its holder is the one that commits
	sealer  *sealer       // of this run, once it has written; the leader's
	touched *touched      // of the rewrite under way; the leader's
	marked  bool          // RewriteDue is known to be set; the leader's
	closed  atomic.Bool
	commits atomic.Uint64
	changed changed
	marks   changed
}

var _ chat.Store = (*Store)(nil)

// state is what readers see: one commit and what memory holds of it. It is
// never changed once published.
type state struct {
	db     *bbolt.DB
	txid   int    // of the commit, as bbolt counts
	cursor uint64 // last journal number
	folded uint64 // the indexes on disk have the journal up to here
	tail   *tail  // the rest
	broken error  // why there is no db
	// doneNames hashes idempotency keys. They are not kept, so it outlives the
	// data key that it was once derived from.
	doneNames [32]byte
}

// Open opens the store at path and creates it if there is none; the folder must
// exist. The file is readable by its owner alone. Errors are those above, or
// the system's.
func Open(path string, opt Options) (*Store, error) {
	opt = opt.withDefaults()
	s := &Store{path: path, opt: opt, keys: newKeyring(opt.Key), names: newNameCache(), lead: make(chan struct{}, 1)}
	s.changed.init()
	s.marks.init()
	if err := os.Remove(path + draftSuffix); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if err := create(path, s.keys); err != nil {
		return nil, err
	}
	st, generation, err := s.load(true)
	if err != nil {
		return nil, err
	}
	s.generation = hex.EncodeToString(generation)
	s.state.Store(st)
	return s, nil
}

// Generation names this store by 8 random bytes in hex, made with the file.
func (s *Store) Generation() string { return s.generation }

// Commits is how many commits there were since Open. One may carry many updates.
func (s *Store) Commits() uint64 { return s.commits.Load() }

// Changed returns a channel that is closed by the next commit.
func (s *Store) Changed() <-chan struct{} { return s.changed.wait() }

// Close waits for updates under way and for views, then releases the file.
// Whatever is called after it returns ErrClosed, also a second Close.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return ErrClosed
	}
	s.lead <- struct{}{}
	defer func() { <-s.lead }()
	for group := s.queue.take(); len(group) > 0; group = s.queue.take() {
		s.commitGroup(group)
	}
	s.swap.Lock()
	defer s.swap.Unlock()
	st := s.state.Swap(&state{broken: ErrClosed})
	if st.db == nil {
		return nil
	}
	return st.db.Close()
}

// create makes a store at path if there is none. It is made under another name
// first, so that a crash leaves either none or a whole one.
func create(path string, keys *keyring) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 || err != nil && !os.IsNotExist(err) {
		return err
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !os.IsNotExist(err) {
		return err
	}
	db, err := openFile(draft)
	if err != nil {
		return err
	}
	err = migrate(db, keys)
	if closeErr := db.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		os.Remove(draft)
		return err
	}
	return syncDir(path)
}
