package node

import (
	"errors"
	"io/fs"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/keyfile"
	"github.com/truce-im/truce/storage"
)

// A rewrite of the store gives it another data key (rule 26), and a crash may
// come at any moment. So the new store is made whole beside the old one; then
// the new key is put beside the old one, in this file; then the store is
// replaced, which decides; then the key follows, and the old one is overwritten.
// Which of two keys is the right one, the store itself tells.
const nextDataFile = "data.key.new"

// exchange runs swap, which replaces the store by one that is sealed with fresh
// and calls ready before. swap reports whether it has replaced it.
func (k *keys) exchange(fresh [32]byte, swap func(ready func() error) (bool, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.unfinished(); err != nil {
		return err
	}
	next := k.path(nextDataFile)
	switched, err := swap(func() error { return k.put(nextDataFile, keyfile.Data, k.data, fresh) })
	switch {
	case err == nil:
		return moveSecret(next, k.path(dataFile))
	case !switched:
		return errors.Join(err, removeSecret(next))
	}
	return err // the next opening finds out which key is the right one
}

// unfinished refuses what needs the data key in its place.
func (k *keys) unfinished() error {
	if !exists(k.path(nextDataFile)) {
		return nil
	}
	return chat.Errorf(chat.CodeFailed, "the store was rewritten, but its new key could not be put in place").
		WithHint("stop the node and start it again: that puts it in place")
}

// settled is unfinished for one who does not hold the files.
func (k *keys) settled() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.unfinished()
}

// settleData brings an exchange to its end that a crash broke off: forwards if
// the store was replaced, else back. secret is the key in data.key, which lock
// opened; the right one is returned.
func (k *keys) settleData(secret [32]byte, lock *keyfile.Lock) ([32]byte, error) {
	next, store := k.path(nextDataFile), k.path(storeFile)
	f, err := readKey(next)
	if errors.Is(err, fs.ErrNotExist) {
		return secret, nil
	}
	if err == nil {
		fresh, err := f.Open(keyfile.Data, lock)
		if err == nil && storage.CheckKey(store, fresh) == nil {
			return fresh, moveSecret(next, k.path(dataFile))
		}
	}
	switch err := storage.CheckKey(store, secret); {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return secret, removeSecret(next)
	case errors.Is(err, storage.ErrWrongKey): // neither fits: both stay as they are
		return secret, nil
	default:
		return secret, unreadable(err)
	}
}
