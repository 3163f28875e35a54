package keyfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// MaxPassphrase is the most bytes of a passphrase: more than anybody types, and
// little to stretch.
const MaxPassphrase = 1024

// CheckPassphrase refuses what cannot be a passphrase: it has 1 to
// MaxPassphrase bytes of UTF-8 on one line, so that every way to enter it gives
// the same bytes.
func CheckPassphrase(pass []byte) error {
	switch {
	case len(pass) == 0:
		return errors.New("the passphrase is empty")
	case len(pass) > MaxPassphrase:
		return fmt.Errorf("the passphrase has more than %d bytes", MaxPassphrase)
	case !utf8.Valid(pass):
		return errors.New("the passphrase is not UTF-8")
	}
	for _, c := range pass {
		if c < ' ' || c == 0x7f {
			return errors.New("the passphrase has a control character in it")
		}
	}
	return nil
}

// cost is what stretching takes; the zero value means a plain file.
type cost struct {
	time    uint32 // passes
	memory  uint32 // KiB
	threads uint8
	salt    [16]byte
}

// usual is for new locks: 64 MiB and about a tenth of a second.
var usual = cost{time: 3, memory: 64 << 10, threads: 4}

// Lock is a passphrase, stretched. It is a secret.
type Lock struct {
	cost cost
	keys map[Kind][]byte
}

// NewLock stretches pass with a salt of its own.
func NewLock(pass []byte) (*Lock, error) {
	c := usual
	rand.Read(c.salt[:])
	return newLock(pass, c)
}

func newLock(pass []byte, c cost) (*Lock, error) {
	if err := CheckPassphrase(pass); err != nil {
		return nil, err
	}
	l := &Lock{cost: c, keys: map[Kind][]byte{}}
	stretched := argon2.IDKey(pass, c.salt[:], c.time, c.memory, c.threads, 32)
	defer clear(stretched)
	for _, k := range kinds {
		key, err := hkdf.Key(sha256.New, stretched, nil, "truce key file v1 "+string(k), 32)
		if err != nil {
			return nil, err
		}
		l.keys[k] = key
	}
	return l, nil
}

// Only returns a lock for files of kind k alone.
func (l *Lock) Only(k Kind) *Lock {
	if l == nil {
		return nil
	}
	return &Lock{cost: l.cost, keys: map[Kind][]byte{k: l.keys[k]}}
}

// Seal returns a file that holds secret; plain if l is nil.
func (l *Lock) Seal(k Kind, secret [32]byte) ([]byte, error) {
	f := File{kind: k, body: secret[:]}
	if l != nil {
		gcm, err := l.aead(k)
		if err != nil {
			return nil, err
		}
		f.cost = l.cost
		nonce := make([]byte, gcm.NonceSize())
		rand.Read(nonce)
		f.body = gcm.Seal(nonce, nonce, secret[:], []byte(f.header()))
	}
	return []byte(f.header() + hex.EncodeToString(f.body) + "\n"), nil
}

func (l *Lock) aead(k Kind) (cipher.AEAD, error) {
	block, err := aes.NewCipher(l.keys[k]) // of no key: an error
	if err != nil {
		return nil, fmt.Errorf("no key for a file of kind %s", k)
	}
	return cipher.NewGCM(block)
}
