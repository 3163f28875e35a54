package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/keyfile"
	"github.com/truce-im/truce/storage"
)

// A change of the passphrase concerns two files, and a crash may come at any
// moment. So the account key is first sealed anew beside the old one; then the
// data key is replaced, which decides; then the account key follows. Whether
// the middle was reached shows in the files: those that belong together have
// one salt.
const nextAccountFile = "account.key.new"

// SetPassphrase protects the home by a passphrase, changes it, or with an empty
// new one removes it. old is the present one, empty if there is none. On an
// error nothing has changed, or else all has. What the store holds stays sealed
// under the same data key until it is next rewritten.
func (n *Node) SetPassphrase(old, new []byte) error {
	if err := n.home.keys.change(old, new, n.home.noteRewriteDue); err != nil {
		return failed(err, "")
	}
	return nil
}

// noteRewriteDue: who has seen the data key, or knows a passphrase of before,
// must not open what is written from now on.
func (h *home) noteRewriteDue() error {
	return h.store.Update(func(tx chat.Tx) error { return tx.PutSetting(storage.RewriteDue, storage.DueKey) })
}

// change calls ready when nothing but the machine can be in the way any more.
func (k *keys) change(old, new []byte, ready func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.unfinished(); err != nil {
		return err
	}
	if err := checkChange(k.data != nil, old, new); err != nil {
		return err
	}
	data, account, err := k.secrets(old)
	if err != nil {
		return err
	}
	var lock *keyfile.Lock
	if len(new) > 0 {
		if lock, err = keyfile.NewLock(new); err != nil {
			return err
		}
	}
	if err := ready(); err != nil {
		return err
	}
	if account != nil {
		err = k.put(nextAccountFile, keyfile.Account, lock, *account)
	}
	if err == nil {
		err = k.put(dataFile, keyfile.Data, lock, data)
	}
	err = errors.Join(err, k.settle())
	if f, readErr := readKey(k.path(dataFile)); readErr == nil && f.LockedBy(lock) {
		k.data = lock.Only(keyfile.Data)
	}
	return err
}

func checkChange(protected bool, old, new []byte) error {
	switch {
	case !protected && len(old) > 0:
		return chat.Errorf(chat.CodeFailed, "this home is not protected by a passphrase").
			WithHint("`truce passphrase set` protects it")
	case !protected && len(new) == 0:
		return chat.Errorf(chat.CodeUsage, "the passphrase is empty")
	case protected && len(old) == 0:
		return chat.Errorf(chat.CodeFailed, "this home is protected by a passphrase already").
			WithHint("`truce passphrase change` gives it another")
	}
	if len(new) == 0 {
		return nil
	}
	if err := keyfile.CheckPassphrase(new); err != nil {
		return chat.Errorf(chat.CodeUsage, "%w", err)
	}
	return nil
}

// secrets opens both files with the passphrase; account is nil if the file was
// taken away.
func (k *keys) secrets(pass []byte) (data [32]byte, account *[32]byte, err error) {
	f, err := readKey(k.path(dataFile))
	if err != nil {
		return data, nil, err
	}
	lock, err := f.Lock(pass)
	if err != nil {
		return data, nil, ErrPassphrase // it cannot be one
	}
	if data, err = f.Open(keyfile.Data, lock); err != nil {
		return data, nil, err
	}
	g, err := readKey(k.path(accountFile))
	if errors.Is(err, fs.ErrNotExist) {
		return data, nil, nil
	}
	if err != nil {
		return data, nil, err
	}
	if !g.Together(f) {
		if lock, err = g.Lock(pass); err != nil {
			return data, nil, err
		}
	}
	seed, err := g.Open(keyfile.Account, lock)
	if err != nil {
		return data, nil, chat.Errorf(chat.CodeFailed, "the account key is sealed by another passphrase than this home").
			WithHint("move %s out of the home: your 24 words stand for it", accountFile)
	}
	return data, &seed, nil
}

// settle brings a change of the passphrase to its end that a crash broke off:
// forwards if the data key was replaced, else back.
func (k *keys) settle() error {
	if err := removeDrafts(k.dir, dataFile, accountFile, nextAccountFile, nextDataFile); err != nil {
		return err
	}
	next := k.path(nextAccountFile)
	switch {
	case currentAccount(k.dir) == next:
		return moveSecret(next, k.path(accountFile))
	case exists(k.path(dataFile)):
		return removeSecret(next)
	}
	return nil
}

// currentAccount is the path of the account key that belongs to the data key,
// also in the middle of a change.
func currentAccount(dir string) string {
	next := filepath.Join(dir, nextAccountFile)
	f, err := readKey(next)
	g, err2 := readKey(filepath.Join(dir, dataFile))
	if err == nil && err2 == nil && f.Together(g) {
		return next
	}
	return filepath.Join(dir, accountFile)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
