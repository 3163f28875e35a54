package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

type listVector struct {
	Comment string          `json:"comment"`
	List    string          `json:"list"` // signed, hex
	N       uint64          `json:"n"`
	Account string          `json:"account"`
	Live    []string        `json:"live"`
	Retired []retiredVector `json:"retired"`
	Folded  string          `json:"folded"`
}

type retiredVector struct {
	Device string  `json:"device"`
	Last   *uint64 `json:"last"` // null: open
}

func describeList(comment string, l wire.DeviceList, signed []byte) listVector {
	v := listVector{
		Comment: comment, List: toHex(signed), N: l.N, Account: toHex(l.Account[:]),
		Live: []string{}, Retired: []retiredVector{}, Folded: toHex(l.Folded),
	}
	for _, d := range l.Live {
		v.Live = append(v.Live, toHex(d.Key[:]))
	}
	for _, d := range l.Retired {
		v.Retired = append(v.Retired, retiredVector{toHex(d.Key[:]), d.Last})
	}
	return v
}

// nthDevice is one of the devices that alice has had.
func nthDevice(n int) wire.ListedDevice {
	seed := filled(0x40)
	seed[0] = byte(n)
	return wire.Claim(ed25519.NewKeyFromSeed(seed[:]), alice.id())
}

// bigList has live devices in use and has seen others retire.
func bigList(live, retired int) wire.DeviceList {
	l := wire.DeviceList{N: 1700000000, Account: alice.id()}
	for i := range live {
		l.Live = append(l.Live, nthDevice(i))
	}
	l.Sort()
	for i := range retired {
		last := uint64(wire.MaxSeq)
		l.Retire(nthDevice(100+i).Key, &last)
	}
	return l
}

func validList(t *testing.T, name, comment string, l wire.DeviceList) named[listVector] {
	t.Helper()
	signed, err := l.Sign(alice.account)
	if err != nil {
		t.Fatal(err)
	}
	return named[listVector]{name, describeList(comment, l, signed)}
}

func TestDeviceListVectors(t *testing.T) {
	open := alice.list(1700000000)
	open.Retire(nthDevice(1).Key, nil)
	last := uint64(42)
	open.Retire(nthDevice(2).Key, &last)
	table := []named[listVector]{
		validList(t, "one", "one device", alice.list(1700000000)),
		validList(t, "none", "no device is in use", wire.DeviceList{N: 1, Account: alice.id()}),
		validList(t, "retired", "two retired devices, the first with its last position open", open),
		validList(t, "full", "as much as there may be", bigList(wire.MaxLive, wire.MaxRetired)),
		validList(t, "folded", "66 devices retired in turn: the first two are in the digest", bigList(1, wire.MaxRetired+2)),
	}
	runVectors(t, "testdata/devicelist/valid", table, func(t *testing.T, v listVector) {
		signed := unhex(t, v.List)
		l, err := wire.ParseDeviceList(signed)
		if err != nil {
			t.Fatal(err)
		}
		if got := describeList(v.Comment, l, signed); asJSON(t, got) != asJSON(t, v) {
			t.Errorf("got %s", asJSON(t, got))
		}
		if again, err := l.Sign(alice.account); err != nil || !bytes.Equal(again, signed) {
			t.Errorf("encodes to %x, %v", again, err)
		}
		for _, d := range l.Live {
			if !l.HasLive(d.Key) {
				t.Errorf("%x is not live", d.Key)
			}
		}
		for _, d := range l.Retired {
			if last, ok := l.HasRetired(d.Key); !ok || !reflect.DeepEqual(last, d.Last) || l.HasLive(d.Key) {
				t.Errorf("%x is not retired", d.Key)
			}
		}
	})
}

func TestInvalidDeviceListVectors(t *testing.T) {
	table := []named[invalidHex]{
		refusal("empty", "cbor", "", "no bytes"),
		refusal("cut", "cbor", toHex(signedAlice()[:100]), "cut off"),
		refusal("trailing", "cbor", toHex(signedAlice())+"00", "one byte more"),
		refusal("long-head", "non-canonical", "9802"+toHex(signedAlice()[1:]), "a length in more bytes than it needs"),
		refusal("signature", "signature", toHex(changed(signedAlice(), -1)), "the last bit of the signature is wrong"),
		refusal("other-account", "signature", toHex(sign(alice.list(1), mallory.account)), "signed by another key than the account's"),
		refusal("unlabelled", "signature", toHex(unlabelledList()), "signed without its label"),
		refusal("too-long", "list", toHex(make([]byte, wire.MaxList+1)), "over 4,096 bytes"),
	}
	for _, tt := range []struct {
		name, class, comment string
		change               func(*wire.DeviceList)
	}{
		{"claim", "signature", "a device claims another account", func(l *wire.DeviceList) { l.Live[0] = wire.Claim(alice.device, bob.id()) }},
		{"stolen", "signature", "somebody else's device with one's own claim", func(l *wire.DeviceList) { l.Live[0].Key = bob.list(1).Live[0].Key }},
		{"live-order", "list", "devices in falling order", func(l *wire.DeviceList) { *l = bigList(2, 0); slices.Reverse(l.Live) }},
		{"live-twice", "list", "a device twice", func(l *wire.DeviceList) { l.Live = append(l.Live, l.Live[0]) }},
		{"live-many", "list", "nine devices", func(l *wire.DeviceList) { *l = bigList(wire.MaxLive+1, 0) }},
		{"retired-live", "list", "a device in use and retired", func(l *wire.DeviceList) {
			l.Retired = []wire.RetiredDevice{{Key: l.Live[0].Key}}
		}},
		{"retired-twice", "list", "a device retired twice", func(l *wire.DeviceList) {
			l.Retired = []wire.RetiredDevice{{Key: nthDevice(1).Key}, {Key: nthDevice(2).Key}, {Key: nthDevice(1).Key}}
		}},
		{"retired-many", "list", "65 retired devices", func(l *wire.DeviceList) {
			for i := range wire.MaxRetired + 1 {
				l.Retired = append(l.Retired, wire.RetiredDevice{Key: wire.Device{byte(i)}})
			}
		}},
		{"retired-last", "list", "a last position over 2^53", func(l *wire.DeviceList) {
			last := uint64(wire.MaxSeq + 1)
			l.Retired = []wire.RetiredDevice{{Key: nthDevice(1).Key, Last: &last}}
		}},
		{"folded", "list", "a digest of 31 bytes", func(l *wire.DeviceList) { l.Folded = make([]byte, 31) }},
		{"number", "list", "a number after the year 9999", func(l *wire.DeviceList) { l.N = wire.MaxStamp/1000 + 1 }},
	} {
		l := alice.list(1700000000)
		tt.change(&l)
		table = append(table, refusal(tt.name, tt.class, toHex(sign(l, alice.account)), tt.comment))
		if tt.class == "list" {
			if _, err := l.Sign(alice.account); wire.ErrorClass(err) != "list" {
				t.Errorf("%s can be signed: %v", tt.name, err)
			}
		}
	}
	runVectors(t, "testdata/devicelist/invalid", table, func(t *testing.T, v invalidHex) {
		l, err := wire.ParseDeviceList(unhex(t, v.Input))
		wantClass(t, err, v.Class)
		if !reflect.ValueOf(l).IsZero() {
			t.Errorf("an error with %+v", l)
		}
	})
}

func signedAlice() []byte { return sign(alice.list(1700000000), alice.account) }

func unlabelledList() []byte {
	body := marshal(alice.list(1))
	return marshal(wire.SignedList{Body: body, Signature: [64]byte(ed25519.Sign(alice.account, body))})
}

// changed returns b with the last bit of a byte flipped; -1 is the last byte.
func changed(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[(at+len(b))%len(b)] ^= 1
	return b
}

func TestLongestDeviceList(t *testing.T) {
	l := bigList(wire.MaxLive, wire.MaxRetired+1)
	l.N = wire.MaxStamp / 1000
	signed, err := l.Sign(alice.account)
	if err != nil {
		t.Fatal(err)
	}
	if len(signed) > wire.MaxList || len(signed) < wire.MaxList*9/10 {
		t.Errorf("the longest list has %d bytes, MaxList is %d", len(signed), wire.MaxList)
	}
}

// TestRetire checks that retiring neither depends on nor changes a copy.
func TestRetire(t *testing.T) {
	l := bigList(3, wire.MaxRetired)
	before := marshal(l)
	a, b := l, l
	a.Retire(l.Live[1].Key, nil)
	b.Retire(l.Live[1].Key, nil)
	if !bytes.Equal(marshal(l), before) {
		t.Error("the copy has changed")
	}
	if !reflect.DeepEqual(a, b) {
		t.Error("not determined by what goes in")
	}
	if len(a.Live) != 2 || len(a.Retired) != wire.MaxRetired || len(a.Folded) != 32 {
		t.Errorf("%d live, %d retired, %d bytes of digest", len(a.Live), len(a.Retired), len(a.Folded))
	}
	if a.Retired[len(a.Retired)-1].Key != l.Live[1].Key {
		t.Error("the last to retire is not the last on the list")
	}
	a.Retire(l.Live[1].Key, nil)
	if !reflect.DeepEqual(a, b) {
		t.Error("retired twice")
	}
}
