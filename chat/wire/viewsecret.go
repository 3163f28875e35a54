package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
)

// ViewSecret is what those share who are shown one view of an account's presence
// (PROTOCOL.md §13.2).
type ViewSecret [32]byte

// ViewSecret derives the secret of a view. A higher epoch takes the place of a
// lower one; who knows one secret knows none of the others. Only the account's
// devices can derive any.
func (s OwnerSecret) ViewSecret(v View, epoch uint64) ViewSecret {
	info := string(labelled("truce view v1", []byte{byte(v)}, be64(epoch)))
	return ViewSecret(must(hkdf.Key(sha256.New, s[:], nil, info, 32)))
}

// Topic is the name of the gossip topic on which the view's records go.
func (s ViewSecret) Topic() string {
	t := Secret(s).Derive("truce view topic v1")
	return base32Lower.EncodeToString(t[:])
}

// ViewTag shows on a session that its sender holds a ViewSecret: it depends on
// the token (HelloKey.BulkToken) of who shows it, so that it is worth nothing
// anywhere else.
type ViewTag [16]byte

// Tag makes the ViewTag for the side of a session with that token.
func (s ViewSecret) Tag(token [32]byte) ViewTag { return s.TagKey().Tag(token) }

// ViewTagKey is what all tags of a ViewSecret are made with, for whoever makes many.
type ViewTagKey [32]byte

// TagKey makes the ViewTagKey of s.
func (s ViewSecret) TagKey() ViewTagKey { return ViewTagKey(Secret(s).Derive("truce view tag v1")) }

// Tag is ViewSecret.Tag.
func (k ViewTagKey) Tag(token [32]byte) ViewTag {
	m := hmac.New(sha256.New, k[:])
	m.Write(token[:])
	return ViewTag(m.Sum(nil)[:16])
}

// sealOverhead is what Seal adds: nonce and tag.
const sealOverhead = 12 + 16

// MaxSealed is the size of the longest sealed record, in bytes.
const MaxSealed = MaxPresence + sealOverhead

// Seal encrypts a record for the topic. The nonce follows from the record, so
// that all who carry it carry the same bytes.
func (s ViewSecret) Seal(record []byte) []byte {
	key := Secret(s).Derive("truce view nonce v1")
	m := hmac.New(sha256.New, key[:])
	m.Write(record)
	nonce := m.Sum(nil)[:12]
	return s.aead().Seal(nonce, nonce, record, nil)
}

// Open undoes Seal. Errors are of class "sealed".
func (s ViewSecret) Open(sealed []byte) ([]byte, error) {
	if len(sealed) < sealOverhead || len(sealed) > MaxSealed {
		return nil, failf("sealed", "a sealed record has another length")
	}
	record, err := s.aead().Open(nil, sealed[:12], sealed[12:], nil)
	if err != nil {
		return nil, failf("sealed", "the record is not sealed under this secret")
	}
	return record, nil
}

func (s ViewSecret) aead() cipher.AEAD {
	key := Secret(s).Derive("truce view key v1")
	return must(cipher.NewGCM(must(aes.NewCipher(key[:]))))
}

// Grant is the body of an event of KindGrant: it hands the secret of a view of
// the writer's presence to the other side of the conversation. The one with the
// highest epoch counts. Who is shown nothing gets a secret that nothing is ever
// sealed under.
type Grant struct {
	_      struct{} `cbor:",toarray"`
	Salt   [16]byte
	Epoch  uint64 // unix milliseconds when the secret was made; only grows
	Secret ViewSecret
}

// Encode returns the body of the event.
func (g Grant) Encode() []byte { return mustMarshal(g) }

// DecodeGrant reads the body of an event of KindGrant. Errors are of class
// "cbor", "non-canonical" or "grant".
func DecodeGrant(body []byte) (g Grant, err error) {
	if err := Unmarshal(body, &g); err != nil {
		return Grant{}, err
	}
	if g.Epoch == 0 || g.Epoch > MaxStamp {
		return Grant{}, failf("grant", "the epoch is out of range")
	}
	return g, nil
}
