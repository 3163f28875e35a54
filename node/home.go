package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	store *storage.Store
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
	h := &home{dir: dir, lock: flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))}
	got, err := h.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock the home: %w", err)
	}
	if !got {
		return nil, lockedError(dir)
	}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	key, err := secretFile(filepath.Join(dir, dataFile), !Exists(dir))
	if err != nil {
		return nil, err
	}
	h.store, err = storage.Open(filepath.Join(dir, storeFile), storage.Options{Key: key})
	if err != nil {
		return nil, err
	}
	return h, h.ensureAccount(cfg)
}

// makeDir makes the home, closed to others. One that is there is closed to
// them too before an account is put into it.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the home: %w", err)
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
	return &chat.Error{Code: chat.CodeFailed, Message: msg, Hint: "stop it with truce stop, or choose another home with --home", Err: ErrLocked}
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
	seed, err := secretFile(filepath.Join(h.dir, accountFile), true)
	if err != nil {
		return err
	}
	return chat.Create(h.store, ed25519.NewKeyFromSeed(seed[:]), cfg.Name, cfg.now())
}

func (c Config) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// accountKey returns the account's key, nil where the file was taken away.
func (h *home) accountKey() ed25519.PrivateKey {
	seed, err := secretFile(filepath.Join(h.dir, accountFile), false)
	if err != nil {
		return nil
	}
	return ed25519.NewKeyFromSeed(seed[:])
}

// writePID tells others which process holds the home. It is only a courtesy:
// the lock decides.
func (h *home) writePID() error {
	return writeAtomic(filepath.Join(h.dir, pidFile), []byte(strconv.Itoa(os.Getpid())+"\n"))
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

// secretFile reads 32 secret bytes from a file of one line of hex, drawing
// them first if make allows and it is absent.
func secretFile(path string, make bool) (secret [32]byte, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && make {
		rand.Read(secret[:])
		return secret, writeAtomic(path, []byte(hex.EncodeToString(secret[:])+"\n"))
	}
	if err != nil {
		return secret, fmt.Errorf("cannot read a key of this home: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(raw) != len(secret) {
		return secret, fmt.Errorf("the key file %s is damaged", path)
	}
	return [32]byte(raw), nil
}

// writeAtomic replaces a file, mode 0600, so that after a crash there is the
// old one or the new one, whole.
func writeAtomic(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
