package node

import (
	"errors"
	"io"
	"io/fs"

	"github.com/truce-im/truce/node/backup"
	"github.com/truce-im/truce/storage"
)

// Backup writes the home to w (package backup): the key files as they are, so
// that sealed ones stay sealed, and the store as it stands when Backup is
// called. The node goes on meanwhile. After an error w holds a torn backup,
// which Restore refuses.
func (n *Node) Backup(w io.Writer) error {
	n.home.backups.RLock()
	defer n.home.backups.RUnlock()
	files, store, err := n.home.freeze()
	if err != nil {
		return failed(err, "")
	}
	b := backup.NewWriter(w)
	for _, name := range []string{dataFile, accountFile} {
		if content, ok := files[name]; ok {
			b.AddBytes(name, content) // b keeps the error
		}
	}
	err = b.Add(storeFile, store.Size(), store)
	if err = errors.Join(err, store.Close()); err == nil {
		err = b.Close()
	}
	if err != nil {
		return failed(err, "")
	}
	return nil
}

// freeze returns the contents of the key files, and the store that belongs to
// them. A home whose account key was taken away has none of that.
func (h *home) freeze() (files map[string][]byte, store *storage.Snapshot, err error) {
	h.keys.mu.Lock()
	defer h.keys.mu.Unlock()
	if err := h.keys.unfinished(); err != nil {
		return nil, nil, err
	}
	files = map[string][]byte{}
	for _, name := range []string{dataFile, accountFile} {
		content, err := readSmall(h.keys.path(name))
		if name == accountFile && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		files[name] = content
	}
	store, err = h.store.Snapshot()
	return files, store, err
}
