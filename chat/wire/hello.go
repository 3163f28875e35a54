package wire

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Secret is what two accounts share: a pair secret, a pending secret or a
// reach secret (PROTOCOL.md §3.3).
type Secret [32]byte

// Derive makes a key for one purpose out of a secret.
func (s Secret) Derive(label string, parts ...[]byte) [32]byte {
	info := string(labelled(label, parts...))
	return [32]byte(must(hkdf.Key(sha256.New, s[:], nil, info, 32)))
}

// PairSecret is what contacts share, from the shares in both their stances.
// It does not depend on the order of the two sides.
func PairSecret(a, b Account, shareA, shareB [32]byte) Secret {
	if string(a[:]) > string(b[:]) {
		a, b, shareA, shareB = b, a, shareB, shareA
	}
	return extract("truce pair v1", shareA[:], shareB[:], a[:], b[:])
}

// PendingSecret is what the asker and the asked share until the request is
// answered; it outlives a reset of the link.
func PendingSecret(asker, asked Account, reach ReachSecret, share [32]byte) Secret {
	return extract("truce pending v1", reach[:], share[:], asker[:], asked[:])
}

// extract is HKDF with the two secrets as input and the accounts as info.
func extract(label string, s1, s2, a, b []byte) Secret {
	info := string(labelled(label, a, b))
	return Secret(must(hkdf.Key(sha256.New, slices.Concat(s1, s2), nil, info, 32)))
}

// Hello1 is the dialler's first frame. It proves that the dialler shares a
// secret with the wanted account, by one tag for each secret that the wanted
// account may know it by, and names nobody.
type Hello1 struct {
	_        struct{} `cbor:",toarray"`
	Type     FrameType
	Versions []uint16 // strictly rising
	Nonce    [32]byte
	Tags     [][32]byte
}

// Hello2 is the listener's answer, sent only if a tag matched.
type Hello2 struct {
	_       struct{} `cbor:",toarray"`
	Type    FrameType
	Version uint16 // chosen, one of Hello1.Versions
	Tag     uint8  // index into Hello1.Tags
	Nonce   [32]byte
	Who     Credential
	MAC     [32]byte
}

// Hello3 is sent by the dialler once Hello2 has proved the wanted account.
type Hello3 struct {
	_    struct{} `cbor:",toarray"`
	Type FrameType
	Who  Credential
	MAC  [32]byte
}

// Credential says which account and device speak, and ties the device to the
// libp2p peer that sends it.
type Credential struct {
	_         struct{} `cbor:",toarray"`
	List      []byte   // signed device list
	Device    Device
	Boot      uint64 // rises with every start of the device: a newer boot ends the sessions of the older
	Time      uint64 // the sender's clock, unix milliseconds
	Expiry    uint64 // of Signature, unix milliseconds by the sender's clock
	Signature [64]byte
}

// BindTransport signs, with the device key, that peer is the device's libp2p
// identity until expiry (unix milliseconds).
func BindTransport(device ed25519.PrivateKey, account Account, peer []byte, expiry uint64) [64]byte {
	return [64]byte(ed25519.Sign(device, bindingMessage(account, Device(device.Public().(ed25519.PublicKey)), peer, expiry)))
}

func bindingMessage(account Account, d Device, peer []byte, expiry uint64) []byte {
	return labelled(labelTransport, account[:], d[:], be64(expiry), peer)
}

// Verify checks that the credential speaks for a live device of an account,
// over a connection to peer, and returns the device list. Time is only
// compared with the sender's own clock, which the MAC of the hello makes
// fresh: no two clocks need to agree. Errors are of class "cbor",
// "non-canonical", "list", "signature" or "expired".
func (c *Credential) Verify(peer []byte) (DeviceList, error) {
	l, err := ParseDeviceList(c.List)
	if err != nil {
		return DeviceList{}, err
	}
	if !l.HasLive(c.Device) {
		return DeviceList{}, failf("list", "the device is not on its account's list")
	}
	if c.Time > c.Expiry || c.Expiry > MaxStamp {
		return DeviceList{}, failf("expired", "the binding of the peer id has expired, or never does")
	}
	if !ed25519.Verify(c.Device[:], bindingMessage(l.Account, c.Device, peer, c.Expiry), c.Signature[:]) {
		return DeviceList{}, failf("signature", "the peer id is not bound to the device")
	}
	return l, nil
}

// HelloKey authenticates the frames of one hello under one secret.
type HelloKey struct {
	key              [32]byte
	wanted           Account
	dialler, listens []byte // peer ids
}

// HelloSecret is what all hellos under one Secret are authenticated by. To
// derive it costs more than to check a tag, so who checks many keeps it.
type HelloSecret [32]byte

// Hello derives the HelloSecret.
func (s Secret) Hello() HelloSecret { return s.Derive("truce hello v1") }

// Key prepares the MACs of a hello in which the peer dialler seeks the account
// wanted at the peer listener.
func (s HelloSecret) Key(wanted Account, dialler, listener []byte) HelloKey {
	return HelloKey{key: s, wanted: wanted, dialler: dialler, listens: listener}
}

// NewHelloKey is Key of a secret that is used once.
func NewHelloKey(s Secret, wanted Account, dialler, listener []byte) HelloKey {
	return s.Hello().Key(wanted, dialler, listener)
}

// Tag is the dialler's proof for Hello1.
func (k HelloKey) Tag(nonce [32]byte, versions []uint16) [32]byte {
	return k.mac("truce hello 1", nonce[:], mustMarshal(versions))
}

// MAC2 authenticates h, the answer to the encoded Hello1 frame first.
func (k HelloKey) MAC2(first []byte, h Hello2) [32]byte {
	h.MAC = [32]byte{}
	return k.mac("truce hello 2", hash(first), hash(mustMarshal(h)))
}

// MAC3 authenticates h, after the encoded frames first and second.
func (k HelloKey) MAC3(first, second []byte, h Hello3) [32]byte {
	h.MAC = [32]byte{}
	return k.mac("truce hello 3", hash(first), hash(second), hash(mustMarshal(h)))
}

// BulkToken is what a peer, one of the two of the hello that these encoded
// frames made up, shows to prove that a bulk stream belongs to that session.
func (k HelloKey) BulkToken(first, second, third, peer []byte) [32]byte {
	return k.mac("truce bulk v1", hash(first), hash(second), hash(third), peer)
}

func (k HelloKey) mac(label string, parts ...[]byte) [32]byte {
	m := hmac.New(sha256.New, k.key[:])
	m.Write(labelled(label, k.wanted[:], be64(uint64(len(k.dialler))), k.dialler, be64(uint64(len(k.listens))), k.listens))
	for _, p := range parts {
		m.Write(p)
	}
	return [32]byte(m.Sum(nil))
}

func hash(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// DecodeHello1 decodes a first frame. Errors are of class "cbor",
// "non-canonical" or "hello".
func DecodeHello1(b []byte) (Hello1, error) {
	var h Hello1
	if err := Unmarshal(b, &h); err != nil {
		return Hello1{}, err
	}
	switch {
	case h.Type != FrameHello1:
		return Hello1{}, failf("hello", "not a first frame")
	case len(h.Tags) == 0 || len(h.Tags) > MaxTags:
		return Hello1{}, failf("hello", "a first frame has 1 to %d tags", MaxTags)
	case len(h.Versions) == 0 || len(h.Versions) > MaxVersions || !rising(h.Versions):
		return Hello1{}, failf("hello", "a first frame has 1 to %d strictly rising versions", MaxVersions)
	}
	return h, nil
}

func rising(list []uint16) bool {
	for i := range list {
		if i > 0 && list[i] <= list[i-1] {
			return false
		}
	}
	return true
}

// DecodeHello2 decodes the answer to a first frame. Errors as DecodeHello1.
func DecodeHello2(b []byte) (Hello2, error) {
	var h Hello2
	if err := Unmarshal(b, &h); err != nil {
		return Hello2{}, err
	}
	if h.Type != FrameHello2 {
		return Hello2{}, failf("hello", "not a second frame")
	}
	return h, nil
}

// DecodeHello3 decodes the last frame of a hello. Errors as DecodeHello1.
func DecodeHello3(b []byte) (Hello3, error) {
	var h Hello3
	if err := Unmarshal(b, &h); err != nil {
		return Hello3{}, err
	}
	if h.Type != FrameHello3 {
		return Hello3{}, failf("hello", "not a third frame")
	}
	return h, nil
}
