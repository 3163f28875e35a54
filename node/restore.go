package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/backup"
	"github.com/truce-im/truce/node/keyfile"
	"github.com/truce-im/truce/storage"
)

// restoreDir is where a home is put together that is being restored.
const restoreDir = "restore.tmp"

// Restore makes a home of what Backup wrote. The home must have no account. If
// the backup is protected ask is called for its passphrase; it may be nil.
// Nothing is changed before from was read to its end and found whole, and before
// the keys were found to open the store. The device takes a new key before it
// writes anything (rule 13).
func Restore(home string, from io.ReadSeeker, ask func() ([]byte, error)) error {
	err := restore(home, from, ask)
	if err != nil {
		return failed(err, "")
	}
	return nil
}

func restore(dir string, from io.ReadSeeker, ask func() ([]byte, error)) error {
	if Exists(dir) {
		return errHasAccount
	}
	keyFiles, err := inspect(from)
	if err != nil {
		return err
	}
	dataKey, err := openBackup(keyFiles, ask)
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	h := newHome(dir)
	if err := h.tryLock(); err != nil {
		return err
	}
	defer h.lock.Unlock()
	if Exists(dir) {
		return errHasAccount
	}
	if err := checkForeign(dir, keyFiles); err != nil {
		return err
	}
	draft := filepath.Join(dir, restoreDir)
	err = extract(draft, from, keyFiles, dataKey)
	if err == nil {
		err = h.moveIn(draft, keyFiles)
	}
	return errors.Join(err, os.RemoveAll(draft))
}

var errHasAccount = chat.Errorf(chat.CodeFailed, "there is an account in this home").
	WithHint("restore into another home with --home, or move the files of this one away")

// inspect reads a backup to its end and returns its key files, of which it must
// have that of the data key, and beside them the store.
func inspect(from io.ReadSeeker) (keyFiles map[string][]byte, err error) {
	keyFiles = map[string][]byte{}
	var store bool
	err = backup.Read(from, func(name string, size int64, r io.Reader) error {
		switch {
		case name == storeFile && !store:
			store = true
			return nil
		case (name == dataFile || name == accountFile) && keyFiles[name] == nil && size <= keyfile.MaxSize:
			keyFiles[name], err = io.ReadAll(r)
			return err
		}
		return fmt.Errorf("it holds a file that this version does not expect: %s", name)
	})
	if err == nil && (!store || keyFiles[dataFile] == nil) {
		err = errors.New("a file is missing in it")
	}
	if err != nil {
		return nil, chat.Errorf(chat.CodeUsage, "the backup cannot be read: %w", err)
	}
	return keyFiles, nil
}

// openBackup returns the data key.
func openBackup(keyFiles map[string][]byte, ask func() ([]byte, error)) (key [32]byte, err error) {
	for _, b := range keyFiles {
		if _, err := keyfile.Parse(b); err != nil {
			return key, chat.Errorf(chat.CodeUsage, "the backup cannot be read: %w", err)
		}
	}
	f, err := keyfile.Parse(keyFiles[dataFile])
	if err != nil {
		return key, err
	}
	var pass []byte
	if f.Sealed() {
		if pass, err = askFor(ask); err != nil {
			return key, err
		}
		defer clear(pass)
	}
	lock, err := f.Lock(pass)
	if err != nil {
		return key, err
	}
	return f.Open(keyfile.Data, lock)
}

// checkForeign refuses a home in which other keys lie than those that are to
// come: they may be the only ones of somebody's account. The same ones are left
// by a crash in the middle.
func checkForeign(dir string, keyFiles map[string][]byte) error {
	for _, name := range []string{dataFile, accountFile} {
		there, err := readSmall(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !bytes.Equal(there, keyFiles[name]):
			return chat.Errorf(chat.CodeFailed, "another key lies in this home: %s", name).
				WithHint("restore into another home with --home, or move it away")
		}
	}
	return nil
}

// extract puts the files of the backup into draft, and opens the store there,
// which shows that it is whole, to note that its device needs a new key.
func extract(draft string, from io.ReadSeeker, keyFiles map[string][]byte, key [32]byte) error {
	if err := os.RemoveAll(draft); err != nil { // of a crash
		return err
	}
	if err := os.Mkdir(draft, 0o700); err != nil {
		return err
	}
	for name, content := range keyFiles {
		if err := writeAtomic(filepath.Join(draft, name), content); err != nil {
			return err
		}
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	path := filepath.Join(draft, storeFile)
	err := backup.Read(from, func(name string, _ int64, r io.Reader) error {
		if name != storeFile {
			return nil
		}
		return writeSynced(path, r)
	})
	if err != nil {
		return err
	}
	store, err := storage.Open(path, storage.Options{Key: key})
	if err != nil {
		return fmt.Errorf("the store in the backup cannot be opened: %w", err)
	}
	err = store.Update(func(tx chat.Tx) error {
		self, err := tx.Self()
		if err != nil {
			return err
		}
		self.Renew = true
		return tx.PutSelf(self)
	})
	return errors.Join(err, store.Close())
}

func writeSynced(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// moveIn moves the files into the home; the store last, which makes it one.
func (h *home) moveIn(draft string, keyFiles map[string][]byte) error {
	for _, name := range []string{dataFile, accountFile, storeFile} {
		if name != storeFile && keyFiles[name] == nil {
			continue
		}
		if err := os.Rename(filepath.Join(draft, name), h.keys.path(name)); err != nil {
			return err
		}
		if err := syncDir(h.dir); err != nil {
			return err
		}
	}
	return nil
}
