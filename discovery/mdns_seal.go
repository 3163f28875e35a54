package discovery

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	mrand "math/rand/v2"
	"net/netip"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Sizes of an instance, MDNS.md section 3.
const (
	saltSize    = 16
	bodyKeySize = 16
	tagSize     = 4
	entrySize   = tagSize + bodyKeySize
	bodySize    = 208           // plaintext, always: its length says nothing
	sealedSize  = bodySize + 16 // with the tag of AES-GCM

	// entryStep is what the number of entries is padded to a multiple of, so
	// that it tells the number of contacts only roughly.
	entryStep = 16
	// maxEntries keeps the packet below 1,300 bytes.
	maxEntries = 48
)

// Labels keep the uses of a Key apart.
const (
	labelTag  = "truce mdns tag v1"
	labelKey  = "truce mdns key v1"
	labelBody = "truce mdns body v1"
)

const (
	bodyVersion = 1
	maxPeerID   = 64 // bytes; an Ed25519 peer id has 38
	maxBodyIPs  = 8
)

var errBody = errors.New("discovery: mdns body")

// entry lets the holders of one Key find and open the body: a tag, and the body
// key under a one-time pad.
type entry [entrySize]byte

// instance is one announcement, readable only through its entries.
type instance struct {
	label   string // of the DNS name; random
	salt    [saltSize]byte
	body    [sealedSize]byte
	entries []entry // entryStep to maxEntries of them, shuffled and padded
}

// whereabouts is what a body says.
type whereabouts struct {
	peer     peer.ID
	tcp, udp uint16 // 0: does not listen
	addrs    []netip.Addr
}

// newInstances announces w to the holders of the keys. Everything in them but w
// is random and used once.
func newInstances(w whereabouts, keys []Key) []instance {
	seed := [32]byte{}
	rand.Read(seed[:])
	rng := mrand.New(mrand.NewChaCha8(seed))
	keys = append([]Key{}, keys...)
	rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var out []instance
	for len(keys) > 0 {
		n := min(len(keys), maxEntries)
		in := newInstance(w.marshal(), keys[:n])
		rng.Shuffle(len(in.entries), func(i, j int) {
			in.entries[i], in.entries[j] = in.entries[j], in.entries[i]
		})
		out = append(out, in)
		keys = keys[n:]
	}
	return out
}

// newInstance announces a body to at most maxEntries keys, in order.
func newInstance(plain [bodySize]byte, keys []Key) instance {
	in := instance{label: randomLabel()}
	rand.Read(in.salt[:])
	var bodyKey [bodyKeySize]byte
	rand.Read(bodyKey[:])
	in.body = sealPlain(bodyKey, in.salt, plain)
	for _, k := range keys {
		in.entries = append(in.entries, wrap(k, in.salt, bodyKey))
	}
	for len(in.entries)%entryStep != 0 {
		var pad entry
		rand.Read(pad[:])
		in.entries = append(in.entries, pad)
	}
	return in
}

// wrap makes the entry for the holders of k.
func wrap(k Key, salt [saltSize]byte, bodyKey [bodyKeySize]byte) entry {
	mac := hmac.New(sha256.New, k[:])
	var e entry
	copy(e[:tagSize], derive(mac, labelTag, salt))
	copy(e[tagSize:], derive(mac, labelKey, salt))
	for i, b := range bodyKey {
		e[tagSize+i] ^= b
	}
	return e
}

// unwrap returns the body key in e, or noise if e is not for mac's key.
func unwrap(mac hash.Hash, salt [saltSize]byte, e entry) (bodyKey [bodyKeySize]byte) {
	copy(bodyKey[:], derive(mac, labelKey, salt))
	for i := range bodyKey {
		bodyKey[i] ^= e[tagSize+i]
	}
	return bodyKey
}

// derive computes HMAC-SHA256(key of mac, label || salt).
func derive(mac hash.Hash, label string, salt [saltSize]byte) []byte {
	mac.Reset()
	mac.Write([]byte(label))
	mac.Write(salt[:])
	return mac.Sum(nil)
}

func sealBody(key [bodyKeySize]byte, salt [saltSize]byte, w whereabouts) [sealedSize]byte {
	return sealPlain(key, salt, w.marshal())
}

func sealPlain(key [bodyKeySize]byte, salt [saltSize]byte, plain [bodySize]byte) (sealed [sealedSize]byte) {
	aead := bodyAEAD(key)
	// The key is used once, so the nonce may be constant.
	aead.Seal(sealed[:0], make([]byte, aead.NonceSize()), plain[:], bodyAD(salt))
	return sealed
}

func openBody(key [bodyKeySize]byte, salt [saltSize]byte, sealed [sealedSize]byte) (whereabouts, error) {
	plain, err := openPlain(key, salt, sealed)
	if err != nil {
		return whereabouts{}, err
	}
	return parseWhereabouts(plain)
}

func openPlain(key [bodyKeySize]byte, salt [saltSize]byte, sealed [sealedSize]byte) (plain [bodySize]byte, err error) {
	aead := bodyAEAD(key)
	if _, err := aead.Open(plain[:0], make([]byte, aead.NonceSize()), sealed[:], bodyAD(salt)); err != nil {
		return plain, errBody
	}
	return plain, nil
}

func bodyAEAD(key [bodyKeySize]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 16 bytes are a valid key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM wants
	}
	return aead
}

func bodyAD(salt [saltSize]byte) []byte { return append([]byte(labelBody), salt[:]...) }

// marshal writes version, ports, peer id and addresses, padded with zeros. What
// exceeds the limits is left out.
func (w whereabouts) marshal() (out [bodySize]byte) {
	id := []byte(w.peer)
	id = id[:min(len(id), maxPeerID)]
	b := append(out[:0], bodyVersion)
	b = binary.BigEndian.AppendUint16(b, w.tcp)
	b = binary.BigEndian.AppendUint16(b, w.udp)
	b = append(b, byte(len(id)))
	b = append(b, id...)
	addrs := w.addrs[:min(len(w.addrs), maxBodyIPs)]
	b = append(b, byte(len(addrs)))
	for _, a := range addrs {
		ip := a.As16()
		b = append(b, ip[:]...)
	}
	return out
}

// parseWhereabouts is the inverse of marshal and takes nothing else.
func parseWhereabouts(b [bodySize]byte) (whereabouts, error) {
	n := int(b[5])
	if b[0] != bodyVersion || n == 0 || n > maxPeerID {
		return whereabouts{}, errBody
	}
	id, err := peer.IDFromBytes(b[6 : 6+n])
	if err != nil {
		return whereabouts{}, errBody
	}
	w := whereabouts{peer: id, tcp: binary.BigEndian.Uint16(b[1:]), udp: binary.BigEndian.Uint16(b[3:])}
	rest := b[6+n:]
	count := int(rest[0])
	if count > maxBodyIPs {
		return whereabouts{}, errBody
	}
	for i := range count {
		w.addrs = append(w.addrs, netip.AddrFrom16([16]byte(rest[1+16*i:])).Unmap())
	}
	if w.marshal() != b {
		return whereabouts{}, errBody // padding that is not zero
	}
	return w, nil
}
