package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/truce-im/truce/node/keyfile"
)

// readKey reads and parses a key file. An absent one is fs.ErrNotExist.
func readKey(path string) (keyfile.File, error) {
	b, err := readSmall(path)
	if err != nil {
		return keyfile.File{}, err
	}
	f, err := keyfile.Parse(b)
	if err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// readSmall reads a file, of which it takes no more than a key file can have.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read a key of this home: %w", err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, keyfile.MaxSize+1))
}

// putSecret replaces a file of secrets, as writeAtomic does, and overwrites what
// the old one held.
func putSecret(path string, data []byte) error {
	draft, err := writeDraft(path, data)
	if err != nil {
		return err
	}
	if err := moveSecret(draft, path); err != nil {
		os.Remove(draft)
		return err
	}
	return nil
}

// moveSecret moves a file over another, if there is one, and overwrites what
// that held. Whether flash forgets it too is not in our hands.
func moveSecret(from, to string) error {
	old, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		old = nil // absent, as a rule
	}
	err = os.Rename(from, to)
	if err != nil && old != nil { // Windows does not replace an open file
		old.Close()
		old = nil
		err = os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	err = syncDir(filepath.Dir(to))
	if old != nil {
		err = errors.Join(err, blank(old))
	}
	return err
}

// removeSecret removes a file if it is there, overwriting it first.
func removeSecret(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return errors.Join(blank(f), os.Remove(path))
	}
	return blank(f)
}

// blank overwrites and closes a file that has lost its name. One that has yet
// another, by a hard link, is somebody's copy and stays.
func blank(f *os.File) error {
	info, err := f.Stat()
	if err == nil && !hasName(info) {
		_, err = f.WriteAt(make([]byte, min(info.Size(), keyfile.MaxSize)), 0)
		err = errors.Join(err, f.Sync())
	}
	return errors.Join(err, f.Close())
}

// writeAtomic replaces a file, mode 0600, so that after a crash there is the
// old one or the new one, whole.
func writeAtomic(path string, data []byte) error {
	draft, err := writeDraft(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(draft, path); err != nil {
		os.Remove(draft)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeDraft writes data beside path, to the disk, and returns where.
func writeDraft(path string, data []byte) (draft string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), draftPattern(path))
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func draftPattern(path string) string { return "." + filepath.Base(path) + "-*" }

// removeDrafts removes what a crash left of files of secrets.
func removeDrafts(dir string, names ...string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		for _, name := range names {
			if ok, _ := filepath.Match(draftPattern(name), e.Name()); ok {
				err = errors.Join(err, removeSecret(filepath.Join(dir, e.Name())))
			}
		}
	}
	return err
}
