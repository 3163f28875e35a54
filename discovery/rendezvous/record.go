package rendezvous

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"golang.org/x/crypto/chacha20poly1305"
)

// Limits of a record.
const (
	// Size is how many bytes a sealed record has, whatever it says.
	Size = chacha20poly1305.NonceSizeX + plainSize + chacha20poly1305.Overhead

	// MaxAddrs is how many addresses a record has at most: two relays, and IPv4
	// and IPv6 over QUIC and TCP.
	MaxAddrs = 8

	plainSize = 512
	maxPeerID = 64  // bytes; an Ed25519 peer id has 38
	maxAddr   = 255 // bytes; a relayed address with a peer id in it has about 60
	version   = 1
)

// ErrRecord is returned by Open for what is no record of that place.
var ErrRecord = errors.New("rendezvous: no record of this place")

// Record says where somebody is.
type Record struct {
	Peer    peer.ID
	Addrs   []ma.Multiaddr // without peer id, best first
	Expires time.Time      // in whole seconds; after it the record counts for nothing
}

// Seal writes a record for those who have the key of the place. Addresses that do
// not fit are left out, the last first.
func (p Place) Seal(r Record) []byte {
	plain := r.marshal()
	out := make([]byte, chacha20poly1305.NonceSizeX, Size)
	rand.Read(out)
	return p.aead().Seal(out, out[:chacha20poly1305.NonceSizeX], plain[:], []byte(labelSeal))
}

// Open reads what Seal wrote. All other bytes are refused with ErrRecord, and so is
// a record that has expired at that time.
func (p Place) Open(sealed []byte, now time.Time) (Record, error) {
	if len(sealed) != Size {
		return Record{}, ErrRecord
	}
	nonce, text := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := p.aead().Open(nil, nonce, text, []byte(labelSeal))
	if err != nil {
		return Record{}, ErrRecord
	}
	r, err := parse([plainSize]byte(plain))
	if err == nil && !now.Before(r.Expires) {
		err = ErrRecord
	}
	return r, err
}

func (p Place) aead() aead {
	a, err := chacha20poly1305.NewX(p.seal[:])
	if err != nil {
		panic(err) // 32 bytes are a valid key
	}
	return a
}

type aead interface {
	Seal(dst, nonce, plaintext, additionalData []byte) []byte
	Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error)
}

// marshal writes version, expiry, peer id and addresses, padded with zeros.
func (r Record) marshal() (out [plainSize]byte) {
	id := []byte(r.Peer)
	id = id[:min(len(id), maxPeerID)]
	b := append(out[:0], version)
	b = binary.BigEndian.AppendUint64(b, uint64(max(0, r.Expires.Unix())))
	b = append(append(b, byte(len(id))), id...)
	count := len(b)
	b = append(b, 0)
	for _, a := range r.Addrs {
		addr := a.Bytes()
		if b[count] == MaxAddrs || len(addr) == 0 || len(addr) > maxAddr || len(b)+1+len(addr) > plainSize {
			continue
		}
		b = append(append(b, byte(len(addr))), addr...)
		b[count]++
	}
	return out
}

// parse is the inverse of marshal and takes nothing else.
func parse(b [plainSize]byte) (r Record, err error) {
	const head = 1 + 8 + 1
	n := int(b[head-1])
	seconds := binary.BigEndian.Uint64(b[1:])
	if b[0] != version || n == 0 || n > maxPeerID || seconds > 1<<40 {
		return Record{}, ErrRecord
	}
	if r.Peer, err = peer.IDFromBytes(b[head : head+n]); err != nil {
		return Record{}, ErrRecord
	}
	r.Expires = time.Unix(int64(seconds), 0)
	rest := b[head+n:]
	count := int(rest[0])
	rest = rest[1:]
	for range min(count, MaxAddrs) {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return Record{}, ErrRecord
		}
		a, err := ma.NewMultiaddrBytes(rest[1 : 1+int(rest[0])])
		if err != nil {
			return Record{}, ErrRecord
		}
		r.Addrs = append(r.Addrs, a)
		rest = rest[1+int(rest[0]):]
	}
	if r.marshal() != b {
		return Record{}, ErrRecord // too many addresses, or padding that is not zero
	}
	return r, nil
}

// AddrInfo is the record as libp2p wants it.
func (r Record) AddrInfo() peer.AddrInfo { return peer.AddrInfo{ID: r.Peer, Addrs: r.Addrs} }
