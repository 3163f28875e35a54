package node

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

// The files of a home. The account key lies apart, and may be taken away: a
// running node does not need it. Neither does the store need it.
const (
	lockFile    = "lock"
	pidFile     = "pid"
	accountFile = "account.key"
	dataFile    = "data.key"
	storeFile   = "store.db"
)

// home is a directory that this process has locked, with its store open.
type home struct {
	dir   string
	lock  *flock.Flock
	keys  *keys
	store *storage.Store
	// backups is held while one is written, and by whoever replaces the store.
	// It is taken before keys.mu.
	backups sync.RWMutex
}

// openHome locks the home and opens its store, making both if they are absent.
func openHome(cfg Config) (_ *home, err error) {
	dir, err := filepath.Abs(cfg.Home)
	if err != nil {
		return nil, err
	}
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	h := newHome(dir)
	pass, err := h.take(cfg.Passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(pass)
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	key, err := h.keys.open(pass, cfg.Protect)
	if err != nil {
		return nil, err
	}
	h.store, err = storage.Open(filepath.Join(dir, storeFile), storage.Options{Key: key})
	if err != nil {
		return nil, unreadable(err)
	}
	return h, h.ensureAccount(cfg)
}

func newHome(dir string) *home {
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	return &home{dir: dir, lock: lock, keys: &keys{dir: dir}}
}

// take locks the home. If it is protected the passphrase is returned, for which
// ask is called while the home is free: a person may take long.
func (h *home) take(ask func() ([]byte, error)) (pass []byte, err error) {
	for {
		if err := h.tryLock(); err != nil {
			return nil, err
		}
		protected, err := Protected(h.dir)
		if err == nil && (!protected || pass != nil) {
			return pass, nil
		}
		if err := errors.Join(err, h.lock.Unlock()); err != nil {
			return nil, err
		}
		if pass, err = askFor(ask); err != nil {
			return nil, err
		}
	}
}

// unwritable is the next step where the home cannot be written to.
const unwritable = "name a directory that you may write to by --home or $TRUCE_HOME"

func (h *home) tryLock() error {
	got, err := h.lock.TryLock()
	if err != nil {
		return failed(fmt.Errorf("cannot lock the home: %w", err), unwritable)
	}
	if !got {
		return lockedError(h.dir)
	}
	return nil
}

// unreadable adds the next step to the error of a store that cannot be opened.
func unreadable(err error) error {
	if errors.Is(err, storage.ErrCorrupt) || errors.Is(err, storage.ErrWrongKey) {
		return failed(err, "move the files of this home away and put a backup in their place by `truce restore`")
	}
	if errors.Is(err, storage.ErrNewerSchema) {
		return failed(err, "a newer truce has used this home: install that one")
	}
	return err
}

// makeDir makes the home, closed to others. One that is there is closed to
// them too before an account is put into it.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed(fmt.Errorf("cannot make the home: %w", err), unwritable)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

func lockedError(dir string) error {
	msg := "a node already runs in this home"
	if b, err := os.ReadFile(filepath.Join(dir, pidFile)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			msg += fmt.Sprintf(" (process %d)", pid)
		}
	}
	return &chat.Error{Code: chat.CodeFailed, Message: msg, Hint: "stop it with `truce stop`, or choose another home with --home", Err: ErrLocked}
}

// ensureAccount makes the account unless there is one.
func (h *home) ensureAccount(cfg Config) error {
	err := h.store.View(func(r chat.Reader) error {
		_, err := r.Self()
		return err
	})
	if !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	seed, err := h.keys.makeAccount(cfg.Seed)
	if err != nil {
		return err
	}
	return chat.Create(h.store, ed25519.NewKeyFromSeed(seed[:]), cfg.Name, cfg.now())
}

func (c *Config) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// writePID tells others which process holds the home. It is only a courtesy:
// the lock decides, and no start waits for the disk to take it.
func (h *home) writePID() error {
	return os.WriteFile(filepath.Join(h.dir, pidFile), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func (h *home) close() error {
	err := os.Remove(filepath.Join(h.dir, pidFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // none was written
	}
	if h.store != nil {
		err = errors.Join(err, h.store.Close())
	}
	return errors.Join(err, h.lock.Unlock())
}
