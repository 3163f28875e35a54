package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
)

// Labels: every signature and MAC of the protocol has its own (rule 3).
const (
	labelDeviceClaim = "truce device v1"
	labelDeviceList  = "truce device list v1"
	labelTransport   = "truce transport v1"
	labelFold        = "truce fold v1"
)

// ListedDevice is a device in use. Claim is the device's own signature over
// the account, so that nobody lists another's device.
type ListedDevice struct {
	_     struct{} `cbor:",toarray"`
	Key   Device
	Claim [64]byte
}

// RetiredDevice is a device that writes no more. Last is the highest seq it
// wrote in any of its logs; nil leaves it open (the device may have written
// what nobody has seen yet).
type RetiredDevice struct {
	_    struct{} `cbor:",toarray"`
	Key  Device
	Last *uint64
}

// DeviceList is the list of an account's devices, signed by the account key
// (PROTOCOL.md §3.1). N is the time of signing in unix seconds and only grows.
// Live stands in the order of the keys, Retired in the order of retirement.
type DeviceList struct {
	_       struct{} `cbor:",toarray"`
	N       uint64
	Account Account
	Live    []ListedDevice
	Retired []RetiredDevice
	Folded  []byte // empty, or 32 bytes that commit to the retired devices no longer listed
}

// SignedList is a device list in the form in which it was signed.
type SignedList struct {
	_         struct{} `cbor:",toarray"`
	Body      []byte
	Signature [64]byte
}

// Claim makes the signature by which a device says whose it is.
func Claim(device ed25519.PrivateKey, account Account) ListedDevice {
	return ListedDevice{
		Key:   Device(device.Public().(ed25519.PublicKey)),
		Claim: [64]byte(ed25519.Sign(device, labelled(labelDeviceClaim, account[:]))),
	}
}

// Sign encodes and signs l. The error is of class "list" if a cap or an order
// is broken.
func (l DeviceList) Sign(account ed25519.PrivateKey) ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	body := mustMarshal(l)
	return mustMarshal(SignedList{
		Body:      body,
		Signature: [64]byte(ed25519.Sign(account, labelled(labelDeviceList, body))),
	}), nil
}

// ParseDeviceList decodes a signed list and verifies it whole: its caps, the
// account's signature and each device's claim. Errors are of class "cbor",
// "non-canonical", "list" (a cap or an order is broken) or "signature".
func ParseDeviceList(b []byte) (DeviceList, error) {
	if len(b) > MaxList {
		return DeviceList{}, failf("list", "a device list has at most %d bytes", MaxList)
	}
	var s SignedList
	if err := Unmarshal(b, &s); err != nil {
		return DeviceList{}, err
	}
	var l DeviceList
	if err := Unmarshal(s.Body, &l); err != nil {
		return DeviceList{}, err
	}
	if err := l.check(); err != nil {
		return DeviceList{}, err
	}
	if !ed25519.Verify(l.Account[:], labelled(labelDeviceList, s.Body), s.Signature[:]) {
		return DeviceList{}, failf("signature", "the device list is not signed by its account")
	}
	for _, d := range l.Live {
		if !ed25519.Verify(d.Key[:], labelled(labelDeviceClaim, l.Account[:]), d.Claim[:]) {
			return DeviceList{}, failf("signature", "a device on the list does not claim the account")
		}
	}
	return l, nil
}

func (l DeviceList) check() error {
	switch {
	case len(l.Live) > MaxLive:
		return failf("list", "the list has more than %d devices", MaxLive)
	case len(l.Retired) > MaxRetired:
		return failf("list", "the list has more than %d retired devices", MaxRetired)
	case len(l.Folded) != 0 && len(l.Folded) != sha256.Size:
		return failf("list", "the digest of folded devices has a wrong length")
	case l.N > MaxStamp/1000:
		return failf("list", "the time of the list is out of range")
	case !slices.IsSortedFunc(l.Live, func(a, b ListedDevice) int { return strictly(a.Key, b.Key) }):
		return failf("list", "the devices are not in strictly rising order")
	}
	seen := map[Device]bool{}
	for _, d := range l.Live {
		seen[d.Key] = true
	}
	for _, d := range l.Retired {
		if seen[d.Key] {
			return failf("list", "a device is retired twice, or while it is in use")
		}
		if d.Last != nil && *d.Last > MaxSeq {
			return failf("list", "the last position of a retired device is out of range")
		}
		seen[d.Key] = true
	}
	return nil
}

// strictly orders keys so that equal neighbours count as unsorted.
func strictly(a, b Device) int {
	if c := bytes.Compare(a[:], b[:]); c != 0 {
		return c
	}
	return -1
}

// HasLive reports whether d is on the list and in use.
func (l DeviceList) HasLive(d Device) bool {
	return slices.ContainsFunc(l.Live, func(x ListedDevice) bool { return x.Key == d })
}

// HasRetired reports whether d is listed as retired, and its last seq.
func (l DeviceList) HasRetired(d Device) (last *uint64, ok bool) {
	i := slices.IndexFunc(l.Retired, func(x RetiredDevice) bool { return x.Key == d })
	if i < 0 {
		return nil, false
	}
	return l.Retired[i].Last, true
}

// Retire moves d from the live to the retired devices. Where there are more
// than MaxRetired, those that retired first go into the digest. Copies of l are
// left as they are.
func (l *DeviceList) Retire(d Device, last *uint64) {
	l.Live = slices.DeleteFunc(slices.Clone(l.Live), func(x ListedDevice) bool { return x.Key == d })
	if _, ok := l.HasRetired(d); !ok {
		l.Retired = append(slices.Clip(l.Retired), RetiredDevice{Key: d, Last: last})
	}
	for len(l.Retired) > MaxRetired {
		sum := sha256.Sum256(labelled(labelFold, l.Folded, mustMarshal(l.Retired[0])))
		l.Folded, l.Retired = sum[:], l.Retired[1:]
	}
}

// Sort puts the live devices in the order that a list must have. Retired is in
// order already: that of retirement.
func (l *DeviceList) Sort() {
	slices.SortFunc(l.Live, func(a, b ListedDevice) int { return bytes.Compare(a.Key[:], b.Key[:]) })
}

// labelled is what signatures and hashes are made over: the label, a zero
// byte, and the parts. At most one part has a variable length, so that no two
// lists of parts come to the same bytes; of Folded, which may be empty or not,
// the length of what follows tells.
func labelled(label string, parts ...[]byte) []byte {
	return slices.Concat(append([][]byte{[]byte(label), {0}}, parts...)...)
}
