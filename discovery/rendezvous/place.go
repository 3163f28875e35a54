// Package rendezvous is what two who share a key write for each other where
// everybody can read: sealed records, under keys that change each day and that
// nobody else can compute. DHT.md in package discovery is the specification.
//
// Everything is a pure function of its arguments and the random generator, and
// safe for concurrent use. Records are hostile: Open takes what Seal makes and
// nothing else.
package rendezvous

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Key is the secret of a pair and a direction, or of all who hold a link. Who has
// it can read, and write.
type Key = [32]byte

// Period is how long a slot lasts. Where one begins in the day differs from key to
// key, so that not all of the network writes at once.
const Period = 24 * time.Hour

// Labels keep the uses of a Key apart.
const (
	labelOffset = "truce rendezvous offset v1"
	labelSign   = "truce rendezvous sign v1"
	labelSeal   = "truce rendezvous seal v1"
)

// Slot is a period of a key, counted from 1970.
type Slot int64

// SlotAt returns the slot of a key at a time, and when the next one begins.
func SlotAt(k Key, t time.Time) (s Slot, ends time.Time) {
	period := int64(Period / time.Second)
	offset := int64(binary.BigEndian.Uint32(derive(k, labelOffset, 4))) % period
	n := (t.Unix() - offset) / period
	if t.Unix() < offset {
		n = -1 // a clock before 1970-01-02 is wrong anyhow
	}
	return Slot(n), time.Unix((n+1)*period+offset, 0)
}

// Place is where the record of a slot is, and how it is made.
type Place struct {
	sign ed25519.PrivateKey
	seal [32]byte
}

// At returns the place of a slot.
func At(k Key, s Slot) Place {
	n := string(binary.BigEndian.AppendUint64(nil, uint64(s)))
	return Place{ed25519.NewKeyFromSeed(derive(k, labelSign+n, ed25519.SeedSize)), [32]byte(derive(k, labelSeal+n, 32))}
}

// Signer is the key that signs the record in a DHT, whose public half names it.
// It is used for this slot alone.
func (p Place) Signer() ed25519.PrivateKey { return p.sign }

func derive(k Key, info string, n int) []byte {
	out, err := hkdf.Expand(sha256.New, k[:], info, n)
	if err != nil {
		panic(err) // n is small
	}
	return out
}
