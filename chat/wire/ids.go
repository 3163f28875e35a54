package wire

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// Account is the Ed25519 public key that is a person (PROTOCOL.md §2.1).
// The zero value is no account.
type Account [32]byte

// Device is the Ed25519 public key of one device of an account; it owns logs.
type Device [32]byte

// ConvID names a conversation.
type ConvID [32]byte

// MessageID is the 32-octet MIMI message id.
type MessageID [32]byte

// ChainValue commits to an event and all its predecessors in its log.
type ChainValue [32]byte

// Log names one append-only log: what one device writes in one conversation.
type Log struct {
	_       struct{} `cbor:",toarray"`
	Conv    ConvID
	Account Account
	Device  Device
}

// AddressLen is the length of an account's address in characters.
const AddressLen = 56

const addressVersion = 1

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String returns the address: base32 of key, two checksum bytes and a version.
func (a Account) String() string {
	sum := addressSum(a)
	raw := append(a[:], sum[0], sum[1], addressVersion)
	return base32Lower.EncodeToString(raw)
}

// Short returns the first 8 characters of the address: enough to tell two
// people apart on a screen, never to identify one.
func (a Account) Short() string { return a.String()[:8] }

// ParseAccount reads an address in either letter case. Errors are of class
// "address-length", "address-alphabet", "address-version" or "address-checksum".
func ParseAccount(s string) (Account, error) {
	if len(s) != AddressLen {
		return Account{}, failf("address-length", "an address has %d characters, this one has %d", AddressLen, len(s))
	}
	raw, ok := decodeBase32(s, 35)
	if !ok {
		return Account{}, failf("address-alphabet", "an address has only the letters a-z and the digits 2-7")
	}
	a := Account(raw[:32])
	if raw[34] != addressVersion {
		return Account{}, failf("address-version", "the address is of version %d, which this program does not know", raw[34])
	}
	if sum := addressSum(a); raw[32] != sum[0] || raw[33] != sum[1] {
		return Account{}, failf("address-checksum", "the address has a typing error: its checksum does not match")
	}
	return a, nil
}

// decodeBase32 reads exactly n bytes in either letter case. What they encode to
// must be s again: the decoder skips line breaks, does not look at bits beyond
// the last byte, and some letters outside of ASCII have lower case in it.
func decodeBase32(s string, n int) ([]byte, bool) {
	lower := strings.ToLower(s)
	raw, err := base32Lower.DecodeString(lower)
	ok := err == nil && len(raw) == n && base32Lower.EncodeToString(raw) == lower
	return raw, ok && len(s) == len(lower)
}

func addressSum(a Account) [2]byte {
	h := sha256.New()
	h.Write([]byte("truce address v1"))
	h.Write(a[:])
	h.Write([]byte{addressVersion})
	return [2]byte(h.Sum(nil)[:2])
}

// DirectConv is the conversation between two accounts (PROTOCOL.md §2.4). It
// does not depend on their order.
func DirectConv(a, b Account) ConvID {
	if string(a[:]) > string(b[:]) {
		a, b = b, a
	}
	h := sha256.New()
	h.Write([]byte("truce-dm/1"))
	h.Write(a[:])
	h.Write(b[:])
	return ConvID(h.Sum(nil))
}

func (c ConvID) String() string    { return hex.EncodeToString(c[:]) }
func (m MessageID) String() string { return hex.EncodeToString(m[:]) }

// IsZero reports whether m is no id.
func (m MessageID) IsZero() bool { return m == MessageID{} }
