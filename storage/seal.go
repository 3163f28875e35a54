package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// rowSchema is the version of the rows' encoding. It is sealed into every row,
// so a row is never read as one of another version. It changes when the meaning
// of stored rows does, which takes a migration that rewrites them.
const rowSchema = 1

// runID is the salt of one run's key. A run is an opening of the store that
// wrote; its id is on disk before anything that it sealed.
type runID [16]byte

func newRunID() (id runID) {
	rand.Read(id[:])
	return id
}

// maxRuns bounds the AEADs held at a time: a year of a command an hour.
const maxRuns = 8192

// keyring derives all keys of a store from its data key. It is safe for
// concurrent use.
type keyring struct {
	data  [32]byte
	names [32]byte

	decoded *decodedRows

	mu   sync.RWMutex
	runs map[uint32]cipher.AEAD
}

func newKeyring(data [32]byte) *keyring {
	k := &keyring{data: data, decoded: newDecodedRows(), runs: map[uint32]cipher.AEAD{}}
	k.names = k.derive("truce names v1", nil)
	return k
}

func (k *keyring) derive(label string, salt []byte) [32]byte {
	key, err := hkdf.Key(sha256.New, k.data[:], salt, label, 32)
	if err != nil {
		panic(err) // only for an absurd length
	}
	return [32]byte(key)
}

// check is a value that only the right data key makes of a generation.
func (k *keyring) check(generation []byte) []byte {
	sum := k.derive("truce check v1", generation)
	return sum[:16]
}

// name hides a name that must not stand in a key.
func (k *keyring) name(label string, parts ...[]byte) []byte {
	return keyedName(k.names, label, parts...)
}

func keyedName(key [32]byte, label string, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte(label))
	m.Write([]byte{0})
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)[:16]
}

// run returns the AEAD of a run, whose id comes from lookup if it is needed.
func (k *keyring) run(number uint32, lookup func(uint32) (runID, error)) (cipher.AEAD, error) {
	k.mu.RLock()
	aead := k.runs[number]
	k.mu.RUnlock()
	if aead != nil {
		return aead, nil
	}
	id, err := lookup(number)
	if err != nil {
		return nil, err
	}
	return k.addRun(number, id), nil
}

func (k *keyring) addRun(number uint32, id runID) cipher.AEAD {
	aead := k.aead(id)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.runs) >= maxRuns {
		clear(k.runs)
	}
	k.runs[number] = aead
	return aead
}

func (k *keyring) aead(id runID) cipher.AEAD {
	key := k.derive("truce run v1", id[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // only for a wrong length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// sealer seals rows under the key of this run. It belongs to whoever commits.
type sealer struct {
	number  uint32
	aead    cipher.AEAD
	counter uint64 // of the last nonce; only rises, whatever becomes of the commit
}

// seal returns run number ‖ counter ‖ ciphertext of plain, bound to its place.
func (s *sealer) seal(sc *scratch, b bucket, key, plain []byte) []byte {
	s.counter++
	out := make([]byte, 0, 2*binary.MaxVarintLen32+len(plain)+s.aead.Overhead())
	out = binary.AppendUvarint(out, uint64(s.number))
	out = binary.AppendUvarint(out, s.counter)
	sc.place(b, key, s.counter)
	return s.aead.Seal(out, sc.nonce[:], plain, sc.data)
}

// seal is what a row was sealed with: no two rows ever share key and counter.
type seal struct {
	aead    cipher.AEAD
	counter uint64
}

// sealOf returns the seal of a row, and the ciphertext.
func (k *keyring) sealOf(b bucket, sealed []byte, lookup func(uint32) (runID, error)) (s seal, ciphertext []byte, err error) {
	run, counter, ciphertext, err := splitSealed(b, sealed)
	if err != nil {
		return s, nil, err
	}
	aead, err := k.run(run, lookup)
	return seal{aead, counter}, ciphertext, err
}

// maxSealed is beyond the longest row. On a damaged page bbolt may name one that
// reaches into memory which is not the file's.
const maxSealed = 16 << 20

// splitSealed parts what seal made.
func splitSealed(b bucket, sealed []byte) (run uint32, counter uint64, ciphertext []byte, err error) {
	if len(sealed) > maxSealed {
		return 0, 0, nil, corruptf("a row of %s is too long", b.name())
	}
	number, n := binary.Uvarint(sealed)
	if n <= 0 || number > 1<<32-1 {
		return 0, 0, nil, corruptf("a row of %s has no run", b.name())
	}
	counter, m := binary.Uvarint(sealed[n:])
	if m <= 0 {
		return 0, 0, nil, corruptf("a row of %s has no counter", b.name())
	}
	return uint32(number), counter, sealed[n+m:], nil
}

// unseal opens what seal made. On a damaged page sealed may end outside the file.
func (k *keyring) unseal(sc *scratch, b bucket, key, sealed []byte, lookup func(uint32) (runID, error)) (_ []byte, err error) {
	defer guard(&err)
	s, ciphertext, err := k.sealOf(b, sealed, lookup)
	if err != nil {
		return nil, err
	}
	return s.open(sc, nil, b, key, ciphertext)
}

// open appends the plain text of a row to dst.
func (s seal) open(sc *scratch, dst []byte, b bucket, key, ciphertext []byte) ([]byte, error) {
	sc.place(b, key, s.counter)
	plain, err := s.aead.Open(dst, sc.nonce[:], ciphertext, sc.data)
	if err != nil {
		return nil, corruptf("a row of %s is not what was written there", b.name())
	}
	return plain, nil
}

// scratch saves allocations.
type scratch struct {
	nonce [12]byte
	data  []byte
}

// place makes nonce and associated data of a row.
func (sc *scratch) place(b bucket, key []byte, counter uint64) {
	binary.BigEndian.PutUint64(sc.nonce[4:], counter)
	sc.data = binary.BigEndian.AppendUint32(sc.data[:0], rowSchema)
	sc.data = append(sc.data, b.name()...)
	sc.data = append(sc.data, 0)
	sc.data = append(sc.data, key...)
}
