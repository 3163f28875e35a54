package keyfile

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Kind is what the secret of a file is for.
type Kind string

// The kinds.
const (
	Data    Kind = "data"    // seals the store
	Account Kind = "account" // the seed of the account's Ed25519 key
)

var kinds = []Kind{Data, Account}

// Bounds of what a header may ask for: a file from elsewhere must not take the
// memory or the hour that it names. MaxSize bounds the file, in bytes.
const (
	MaxTime    = 16
	MaxMemory  = 1 << 20 // KiB
	MaxThreads = 16
	MaxSize    = 1024
)

// Errors of Parse and Open; others tell of the machine.
var (
	ErrDamaged    = errors.New("the key file is damaged")
	ErrNewer      = errors.New("the key file was written by a newer truce")
	ErrPassphrase = errors.New("the passphrase is wrong")
)

const (
	magic     = "truce key v"
	version   = "1"
	sealedLen = 12 + 32 + 16 // nonce, secret, tag
)

// File is a parsed key file.
type File struct {
	kind Kind // empty in the old form
	cost cost
	body []byte
}

// Parse reads a key file. It stretches nothing yet.
func Parse(b []byte) (File, error) {
	if len(b) > MaxSize {
		return File{}, ErrDamaged
	}
	text := string(b)
	rest, ok := strings.CutPrefix(text, magic)
	if !ok {
		return parseOld(text)
	}
	if v, _, _ := strings.Cut(rest, " "); v != version {
		if v != "" && strings.Trim(v, "0123456789") == "" {
			return File{}, ErrNewer
		}
		return File{}, ErrDamaged
	}
	header, body, _ := strings.Cut(text, "\n")
	f, err := parseHeader(header)
	if err != nil {
		return File{}, err
	}
	if f.body, err = hex.DecodeString(strings.TrimSuffix(body, "\n")); err != nil {
		return File{}, ErrDamaged // the error of hex names what it met
	}
	want := 32
	if f.Sealed() {
		want = sealedLen
	}
	if len(f.body) != want || f.header()+hex.EncodeToString(f.body)+"\n" != text {
		return File{}, ErrDamaged
	}
	return f, nil
}

// parseOld reads a file of one line of hex.
func parseOld(text string) (File, error) {
	body, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(body) != 32 {
		return File{}, ErrDamaged
	}
	return File{body: body}, nil
}

func parseHeader(line string) (f File, err error) {
	fields := strings.Split(line, " ")
	if len(fields) < 5 {
		return f, ErrDamaged
	}
	f.kind = Kind(fields[3])
	if f.kind != Data && f.kind != Account {
		return f, ErrDamaged
	}
	switch method := fields[4]; {
	case method == "plain" && len(fields) == 5:
		return f, nil
	case method != "argon2id" || len(fields) != 9:
		return f, ErrDamaged
	}
	c := &f.cost
	var salt string
	n, err := fmt.Sscanf(strings.Join(fields[5:], " "), "t=%d m=%d p=%d salt=%32s", &c.time, &c.memory, &c.threads, &salt)
	if n != 4 || err != nil || !c.bounded() {
		return f, ErrDamaged
	}
	if n, err := hex.Decode(c.salt[:], []byte(salt)); n != len(c.salt) || err != nil {
		return f, ErrDamaged
	}
	return f, nil
}

func (c cost) bounded() bool {
	return 0 < c.time && c.time <= MaxTime &&
		0 < c.threads && c.threads <= MaxThreads &&
		8*uint32(c.threads) <= c.memory && c.memory <= MaxMemory
}

// header is the first line, with its newline.
func (f File) header() string {
	if !f.Sealed() {
		return fmt.Sprintf("%s%s %s plain\n", magic, version, f.kind)
	}
	c := f.cost
	return fmt.Sprintf("%s%s %s argon2id t=%d m=%d p=%d salt=%x\n", magic, version, f.kind, c.time, c.memory, c.threads, c.salt)
}

// Sealed reports whether a passphrase is needed.
func (f File) Sealed() bool { return f.cost != cost{} }

// LockedBy reports whether l made this file, or may have: a nil one, if it is plain.
func (f File) LockedBy(l *Lock) bool {
	if l == nil {
		return !f.Sealed()
	}
	return f.cost == l.cost
}

// Together reports whether two files were sealed by one Lock, or are both plain.
func (f File) Together(other File) bool { return f.cost == other.cost }

// Lock stretches pass as this file needs it. That pass is the right one is not
// known before Open. The lock of a plain file is nil, whatever pass is.
func (f File) Lock(pass []byte) (*Lock, error) {
	if !f.Sealed() {
		return nil, nil
	}
	return newLock(pass, f.cost)
}

// Open returns the secret of a file of kind k. l is what Lock returned for this
// file or for one that was sealed together with it. ErrPassphrase also stands
// for a file that was changed.
func (f File) Open(k Kind, l *Lock) (secret [32]byte, err error) {
	if f.kind != k && f.kind != "" {
		return secret, ErrDamaged
	}
	if !f.Sealed() {
		return [32]byte(f.body), nil
	}
	if l == nil || l.cost != f.cost {
		return secret, ErrPassphrase
	}
	gcm, err := l.aead(k)
	if err != nil {
		return secret, err
	}
	n := gcm.NonceSize()
	plain, err := gcm.Open(nil, f.body[:n], f.body[n:], []byte(f.header()))
	if err != nil {
		return secret, ErrPassphrase
	}
	defer clear(plain)
	return [32]byte(plain), nil
}
