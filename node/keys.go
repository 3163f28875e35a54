package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/keyfile"
)

// Errors that Open matches, besides ErrLocked.
var (
	// ErrProtected: a passphrase protects the home, and none was given.
	ErrProtected = errors.New("the home is protected")
	// ErrPassphrase: the one that was given is wrong.
	ErrPassphrase = keyfile.ErrPassphrase
)

var errProtected = &chat.Error{
	Code: chat.CodeFailed, Message: "this home is protected: its passphrase is needed",
	Hint: "run this on a terminal, or give it by --passphrase-file or $TRUCE_PASSPHRASE", Err: ErrProtected,
}

// Protected reports whether a passphrase protects what lies in home. A home
// that is absent is not protected.
func Protected(home string) (bool, error) {
	for _, name := range []string{dataFile, accountFile} {
		f, err := readKey(filepath.Join(home, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return err == nil && f.Sealed(), err
		}
	}
	return false, nil
}

// keys are the key files of a home that this process has locked. Methods are
// safe for concurrent use.
type keys struct {
	dir string

	mu   sync.Mutex                   // held while the files are read or written together; updates of the store are waited for meanwhile
	data *keyfile.Lock                // of data.key; nil: it is plain
	both atomic.Pointer[keyfile.Lock] // of account.key too; only while the home is being opened
}

func (k *keys) path(name string) string { return filepath.Join(k.dir, name) }

// open returns the data key. A home without a store gets one, protected by
// protect unless that is empty; and so does one that has nothing but an account
// key, by the passphrase of that.
func (k *keys) open(pass, protect []byte) (secret [32]byte, err error) {
	if err := k.settle(); err != nil {
		return secret, err
	}
	f, err := readKey(k.path(dataFile))
	if errors.Is(err, fs.ErrNotExist) && !Exists(k.dir) {
		return k.make(pass, protect)
	}
	if err != nil {
		return secret, err
	}
	lock, err := f.Lock(pass)
	if err != nil {
		return secret, err
	}
	if secret, err = f.Open(keyfile.Data, lock); err != nil {
		return secret, err
	}
	if secret, err = k.settleData(secret, lock); err != nil {
		return secret, err
	}
	k.use(lock)
	return secret, k.sealAccount()
}

func (k *keys) use(lock *keyfile.Lock) {
	k.data = lock.Only(keyfile.Data)
	k.both.Store(lock)
}

func (k *keys) make(pass, protect []byte) (secret [32]byte, err error) {
	var lock *keyfile.Lock
	switch f, err := readKey(k.path(accountFile)); {
	case err == nil && f.Sealed():
		if lock, err = f.Lock(pass); err != nil {
			return secret, err
		}
		if _, err := f.Open(keyfile.Account, lock); err != nil {
			return secret, err
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return secret, err
	case len(protect) > 0:
		if lock, err = keyfile.NewLock(protect); err != nil {
			return secret, chat.Errorf(chat.CodeUsage, "%w", err)
		}
	}
	rand.Read(secret[:])
	k.use(lock)
	return secret, k.put(dataFile, keyfile.Data, lock, secret)
}

func (k *keys) put(name string, kind keyfile.Kind, lock *keyfile.Lock, secret [32]byte) error {
	b, err := lock.Seal(kind, secret)
	if err != nil {
		return err
	}
	return putSecret(k.path(name), b)
}

// sealAccount seals an account key that was put plain into a protected home.
func (k *keys) sealAccount() error {
	f, err := readKey(k.path(accountFile))
	if err != nil || f.Sealed() || k.both.Load() == nil {
		return nil // a damaged one is told of where it is needed
	}
	seed, err := f.Open(keyfile.Account, nil)
	if err != nil {
		return nil
	}
	return k.put(accountFile, keyfile.Account, k.both.Load(), seed)
}

// opened forgets how to open the account key: a running node does not need it.
func (k *keys) opened() { k.both.Store(nil) }

func (k *keys) protected() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data != nil
}

// makeAccount returns the seed of the account of a new home: the one that lies
// there, else given, else a new one.
func (k *keys) makeAccount(given *[32]byte) (seed [32]byte, err error) {
	f, err := readKey(k.path(accountFile))
	if err == nil {
		seed, err = f.Open(keyfile.Account, k.both.Load())
		if err == nil && given != nil && seed != *given {
			err = chat.Errorf(chat.CodeFailed, "the key of another account lies in this home").
				WithHint("choose another home with --home, or move %s away", accountFile)
		}
		return seed, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return seed, err
	}
	if given != nil {
		seed = *given
	} else {
		rand.Read(seed[:])
	}
	return seed, k.put(accountFile, keyfile.Account, k.both.Load(), seed)
}

// account returns the account's key, nil where the file was taken away, or is
// sealed and the home has been opened. It waits for nobody, for it is called
// within updates of the store.
func (k *keys) account() ed25519.PrivateKey {
	f, err := readKey(k.path(accountFile))
	if err != nil {
		return nil
	}
	seed, err := f.Open(keyfile.Account, k.both.Load())
	if err != nil {
		return nil
	}
	return ed25519.NewKeyFromSeed(seed[:])
}

// accountSeed reads the account's key with the help of a passphrase, which is
// asked for only if it is needed.
func accountSeed(home string, ask func() ([]byte, error)) (seed [32]byte, err error) {
	f, err := readKey(currentAccount(home))
	if errors.Is(err, fs.ErrNotExist) {
		return seed, errNoAccountKey
	}
	if err != nil {
		return seed, err
	}
	var pass []byte
	if f.Sealed() {
		if pass, err = askFor(ask); err != nil {
			return seed, err
		}
		defer clear(pass)
	}
	lock, err := f.Lock(pass)
	if err != nil {
		return seed, err
	}
	return f.Open(keyfile.Account, lock)
}

var errNoAccountKey = chat.Errorf(chat.CodeFailed, "the account key is not in this home").
	WithHint("put its file back, or use the 24 words that you wrote down")

// askFor asks for the passphrase of a protected home.
func askFor(ask func() ([]byte, error)) ([]byte, error) {
	if ask == nil {
		return nil, errProtected
	}
	pass, err := ask()
	if err == nil && len(pass) == 0 {
		err = errProtected
	}
	return pass, err
}
