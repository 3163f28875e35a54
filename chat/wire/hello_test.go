package wire_test

import (
	"crypto/hmac"
	"reflect"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// helloVector is a whole hello as the two sides see it: which secret and which
// peers they take it to be of, and the three frames. In an invalid one Class
// says why one of them ends it, and By which.
type helloVector struct {
	Comment  string `json:"comment"`
	Class    string `json:"class,omitempty"`
	By       string `json:"by,omitempty"` // dialler or listener
	Secret   string `json:"secret"`       // that both have for one another
	Wanted   string `json:"wanted"`       // account that the dialler seeks
	Listener string `json:"listener"`     // account that listens
	Dialling string `json:"dialling_peer"`
	Listens  string `json:"listening_peer"`
	Frame1   string `json:"frame1"`
	Frame2   string `json:"frame2"`
	Frame3   string `json:"frame3"`

	Made *madeOf `json:"made_of,omitempty"`
}

// madeOf is all that goes into the frames of a valid hello.
type madeOf struct {
	HelloKey        string   `json:"hello_key"`
	Versions        []uint16 `json:"versions"`
	Nonce1          string   `json:"nonce1"`
	Nonce2          string   `json:"nonce2"`
	Tag             string   `json:"tag"`
	DiallerAccount  string   `json:"dialling_account_seed"` // Ed25519 seeds
	DiallerDevice   string   `json:"dialling_device_seed"`
	ListenerAccount string   `json:"listening_account_seed"`
	ListenerDevice  string   `json:"listening_device_seed"`
	MAC2            string   `json:"mac2"`
	MAC3            string   `json:"mac3"`
	DiallerBulk     string   `json:"dialling_bulk_token"`
	ListenerBulk    string   `json:"listening_bulk_token"`
}

const (
	vectorTime = 1700000000000
	day        = 24 * 60 * 60 * 1000
)

func (p party) credential() wire.Credential {
	const expiry = vectorTime + day
	return wire.Credential{
		List: sign(p.list(1700000000), p.account), Device: p.list(1).Live[0].Key, Boot: 7, Time: vectorTime, Expiry: expiry,
		Signature: wire.BindTransport(p.device, p.id(), p.peer, expiry),
	}
}

// hello makes the frames of a hello from alice to bob. The change functions
// spoil them before they are authenticated.
type hello struct {
	secret   wire.Secret
	versions []uint16
	before   int // tags before the right one
	change2  func(*wire.Hello2)
	change3  func(*wire.Hello3)
}

var vectorSecret = wire.PairSecret(alice.id(), bob.id(), filled(0xa1), filled(0xb2))

func (h hello) make(comment string) helloVector {
	key := wire.NewHelloKey(h.secret, bob.id(), alice.peer, bob.peer)
	first := wire.Hello1{Type: wire.FrameHello1, Versions: h.versions, Nonce: filled(0xd1)}
	for i := range h.before {
		first.Tags = append(first.Tags, filled(byte(i)))
	}
	tag := key.Tag(first.Nonce, h.versions)
	first.Tags = append(first.Tags, tag)
	frame1 := marshal(first)

	second := wire.Hello2{Type: wire.FrameHello2, Version: 1, Tag: uint8(h.before), Nonce: filled(0xd2), Who: bob.credential()}
	if h.change2 != nil {
		h.change2(&second)
	}
	second.MAC = key.MAC2(frame1, second)
	frame2 := marshal(second)

	third := wire.Hello3{Type: wire.FrameHello3, Who: alice.credential()}
	if h.change3 != nil {
		h.change3(&third)
	}
	third.MAC = key.MAC3(frame1, frame2, third)
	frame3 := marshal(third)

	return helloVector{
		Comment: comment, Secret: hex32(h.secret), Wanted: accountHex(bob), Listener: accountHex(bob),
		Dialling: toHex(alice.peer), Listens: toHex(bob.peer),
		Frame1: toHex(frame1), Frame2: toHex(frame2), Frame3: toHex(frame3),
		Made: &madeOf{
			HelloKey: hex32(h.secret.Derive("truce hello v1")), Versions: h.versions,
			Nonce1: hex32(first.Nonce), Nonce2: hex32(second.Nonce), Tag: hex32(tag),
			DiallerAccount: toHex(alice.account.Seed()), DiallerDevice: toHex(alice.device.Seed()),
			ListenerAccount: toHex(bob.account.Seed()), ListenerDevice: toHex(bob.device.Seed()),
			MAC2: hex32(second.MAC), MAC3: hex32(third.MAC),
			DiallerBulk:  hex32(key.BulkToken(frame1, frame2, frame3, alice.peer)),
			ListenerBulk: hex32(key.BulkToken(frame1, frame2, frame3, bob.peer)),
		},
	}
}

// judge follows PROTOCOL.md §5 on both sides: who ends the hello, and why.
// Classes that are not of package wire: "no-proof" no tag matches, "choice" the
// answer chooses what was not offered, "mac", and "account" another answers
// than was wanted.
func (v helloVector) judge(t *testing.T) (class, by string) {
	secret, wanted, listener := wire.Secret(unhex32(t, v.Secret)), wire.Account(unhex32(t, v.Wanted)), wire.Account(unhex32(t, v.Listener))
	dialling, listens := unhex(t, v.Dialling), unhex(t, v.Listens)
	frame1, frame2, frame3 := unhex(t, v.Frame1), unhex(t, v.Frame2), unhex(t, v.Frame3)

	first, err := wire.DecodeHello1(frame1)
	if err != nil {
		return wire.ErrorClass(err), "listener"
	}
	theirs := wire.NewHelloKey(secret, listener, dialling, listens)
	if !slices.Contains(first.Tags, theirs.Tag(first.Nonce, first.Versions)) {
		return "no-proof", "listener"
	}

	second, err := wire.DecodeHello2(frame2)
	if err != nil {
		return wire.ErrorClass(err), "dialler"
	}
	if int(second.Tag) >= len(first.Tags) || !slices.Contains(first.Versions, second.Version) {
		return "choice", "dialler"
	}
	key := wire.NewHelloKey(secret, wanted, dialling, listens)
	if mac := key.MAC2(frame1, second); !hmac.Equal(mac[:], second.MAC[:]) {
		return "mac", "dialler"
	}
	list, err := second.Who.Verify(listens)
	if err != nil {
		return wire.ErrorClass(err), "dialler"
	}
	if list.Account != wanted {
		return "account", "dialler"
	}

	third, err := wire.DecodeHello3(frame3)
	if err != nil {
		return wire.ErrorClass(err), "listener"
	}
	if mac := theirs.MAC3(frame1, frame2, third); !hmac.Equal(mac[:], third.MAC[:]) {
		return "mac", "listener"
	}
	if _, err := third.Who.Verify(dialling); err != nil {
		return wire.ErrorClass(err), "listener"
	}
	return "", ""
}

func goodHello() hello { return hello{secret: vectorSecret, versions: []uint16{1}} }

func TestHelloVectors(t *testing.T) {
	several := goodHello()
	several.versions, several.before = []uint16{1, 2, 700}, 3
	reach := goodHello()
	reach.secret = wire.Secret(filled(0x66))
	table := []named[helloVector]{
		{"pair", goodHello().make("alice dials bob under their pair secret")},
		{"several", several.make("the fourth tag is the right one, and bob knows only the first version")},
		{"reach", reach.make("alice has bob's link")},
	}
	runVectors(t, "testdata/hello/valid", table, func(t *testing.T, v helloVector) {
		if class, by := v.judge(t); class != "" {
			t.Errorf("%s: %s", by, class)
		}
	})
}

func TestInvalidHelloVectors(t *testing.T) {
	good := goodHello().make("")
	frames := func(a, b, c any) helloVector {
		v := good
		v.Frame1, v.Frame2, v.Frame3 = toHex(marshal(a)), toHex(marshal(b)), toHex(marshal(c))
		return v
	}
	decode := func() (a wire.Hello1, b wire.Hello2, c wire.Hello3) {
		for frame, v := range map[string]any{good.Frame1: &a, good.Frame2: &b, good.Frame3: &c} {
			if err := wire.Unmarshal(unhex(t, frame), v); err != nil {
				t.Fatal(err)
			}
		}
		return a, b, c
	}
	raw := func(change func(*wire.Hello1, *wire.Hello2, *wire.Hello3)) helloVector {
		a, b, c := decode()
		change(&a, &b, &c)
		return frames(a, b, c)
	}
	seen := func(change func(*helloVector)) helloVector {
		v := good
		change(&v)
		return v
	}
	made2 := func(change func(*wire.Hello2)) helloVector {
		h := goodHello()
		h.change2 = change
		return h.make("")
	}
	made3 := func(change func(*wire.Hello3)) helloVector {
		h := goodHello()
		h.change3 = change
		return h.make("")
	}
	later := goodHello()
	later.versions = []uint16{1, 2}

	var table []named[helloVector]
	add := func(name, class, by, comment string, v helloVector) {
		v.Comment, v.Class, v.By, v.Made = comment, class, by, nil
		table = append(table, named[helloVector]{name, v})
	}
	add("wrong-secret", "no-proof", "listener", "the dialler has another secret", seen(func(v *helloVector) { v.Secret = hex32(filled(0x01)) }))
	add("wrong-account", "no-proof", "listener", "the listener is another account", seen(func(v *helloVector) { v.Listener = accountHex(mallory) }))
	add("reflected", "no-proof", "listener", "the listener sends the first frame back to the dialler", seen(func(v *helloVector) {
		v.Dialling, v.Listens, v.Listener, v.Wanted = v.Listens, v.Dialling, accountHex(alice), accountHex(alice)
	}))
	add("replayed-dialler", "no-proof", "listener", "the first frame comes from another peer", seen(func(v *helloVector) { v.Dialling = toHex(mallory.peer) }))
	add("replayed-listener", "no-proof", "listener", "the first frame is passed on to another peer", seen(func(v *helloVector) { v.Listens = toHex(mallory.peer) }))
	add("versions-added", "no-proof", "listener", "a version was added", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Versions = []uint16{1, 2} }))
	add("nonce-changed", "no-proof", "listener", "another nonce", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Nonce[0]++ }))
	add("tag-changed", "no-proof", "listener", "the last bit of the tag", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Tags[0][31] ^= 1 }))
	add("no-tags", "hello", "listener", "no tag", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Tags = nil }))
	add("many-tags", "hello", "listener", "17 tags", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Tags = make([][32]byte, wire.MaxTags+1) }))
	add("no-versions", "hello", "listener", "no version", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Versions = nil }))
	add("versions-falling", "hello", "listener", "versions in falling order", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Versions = []uint16{2, 1} }))
	add("versions-twice", "hello", "listener", "a version twice", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Versions = []uint16{1, 1} }))
	add("type1", "hello", "listener", "the first frame has another type", raw(func(a *wire.Hello1, _ *wire.Hello2, _ *wire.Hello3) { a.Type = wire.FrameHello2 }))

	add("version-dropped", "mac", "dialler", "the listener was shown fewer versions than the dialler offered", seen(func(v *helloVector) { v.Frame1 = later.make("").Frame1 }))
	add("version-chosen", "choice", "dialler", "a version that was not offered", made2(func(b *wire.Hello2) { b.Version = 2 }))
	add("tag-chosen", "choice", "dialler", "a tag that was not sent", made2(func(b *wire.Hello2) { b.Tag = 1 }))
	add("mac2", "mac", "dialler", "the last bit of the listener's proof", raw(func(_ *wire.Hello1, b *wire.Hello2, _ *wire.Hello3) { b.MAC[31] ^= 1 }))
	add("boot2", "mac", "dialler", "another boot number than was authenticated", raw(func(_ *wire.Hello1, b *wire.Hello2, _ *wire.Hello3) { b.Who.Boot++ }))
	add("other-hello2", "mac", "dialler", "the answer to another first frame", seen(func(v *helloVector) {
		h := goodHello()
		h.before = 1
		v.Frame1 = h.make("").Frame1
	}))
	add("reflected3", "hello", "dialler", "the third frame in the place of the second", seen(func(v *helloVector) { v.Frame2 = toHex(retyped(t, good)) }))
	add("type2", "hello", "dialler", "the second frame has another type", made2(func(b *wire.Hello2) { b.Type = wire.FrameHello3 }))
	add("account", "account", "dialler", "another account answers, which has the secret", made2(func(b *wire.Hello2) {
		b.Who = mallory.credential()
		b.Who.Signature = wire.BindTransport(mallory.device, mallory.id(), bob.peer, b.Who.Expiry)
	}))
	add("peer2", "signature", "dialler", "the device is bound to another peer", made2(func(b *wire.Hello2) {
		b.Who.Signature = wire.BindTransport(bob.device, bob.id(), mallory.peer, b.Who.Expiry)
	}))
	add("expiry2", "signature", "dialler", "another expiry than was signed", made2(func(b *wire.Hello2) { b.Who.Expiry++ }))
	add("expired2", "expired", "dialler", "the binding has expired, by the sender's own clock", made2(func(b *wire.Hello2) { b.Who.Time = b.Who.Expiry + 1 }))
	add("unlisted2", "list", "dialler", "a device that is not on the list", made2(func(b *wire.Hello2) { b.Who.Device = mallory.credential().Device }))
	add("list2", "signature", "dialler", "a list that the account has not signed", made2(func(b *wire.Hello2) { b.Who.List = sign(bob.list(1), mallory.account) }))

	add("mac3", "mac", "listener", "the last bit of the dialler's proof", raw(func(_ *wire.Hello1, _ *wire.Hello2, c *wire.Hello3) { c.MAC[31] ^= 1 }))
	add("other-hello3", "mac", "listener", "the end of an earlier hello with the same first frame", seen(func(v *helloVector) {
		v.Frame2 = made2(func(b *wire.Hello2) { b.Nonce[0]++ }).Frame2
	}))
	add("type3", "hello", "listener", "the third frame has another type", made3(func(c *wire.Hello3) { c.Type = wire.FrameHello2 }))
	add("peer3", "signature", "listener", "the device is bound to another peer", made3(func(c *wire.Hello3) {
		c.Who.Signature = wire.BindTransport(alice.device, alice.id(), mallory.peer, c.Who.Expiry)
	}))
	add("account3", "signature", "listener", "the binding is of another account", made3(func(c *wire.Hello3) {
		c.Who.Signature = wire.BindTransport(alice.device, bob.id(), alice.peer, c.Who.Expiry)
	}))
	add("expired3", "expired", "listener", "the binding has expired", made3(func(c *wire.Hello3) { c.Who.Time = c.Who.Expiry + 1 }))
	add("expiry3", "expired", "listener", "an expiry after the year 9999", made3(func(c *wire.Hello3) {
		c.Who.Expiry = wire.MaxStamp + 1
		c.Who.Signature = wire.BindTransport(alice.device, alice.id(), alice.peer, c.Who.Expiry)
	}))

	runVectors(t, "testdata/hello/invalid", table, func(t *testing.T, v helloVector) {
		if class, by := v.judge(t); class != v.Class || by != v.By {
			t.Errorf("the %s ends it: %q", by, class)
		}
	})
}

// retyped makes a second frame of what the third one says.
func retyped(t *testing.T, v helloVector) []byte {
	var c wire.Hello3
	if err := wire.Unmarshal(unhex(t, v.Frame3), &c); err != nil {
		t.Fatal(err)
	}
	return marshal(wire.Hello2{Type: c.Type, Version: 1, Who: c.Who, MAC: c.MAC})
}

// TestMACsCoverAll changes every field of what is authenticated.
func TestMACsCoverAll(t *testing.T) {
	key := wire.NewHelloKey(vectorSecret, bob.id(), alice.peer, bob.peer)
	h := wire.Hello2{Type: wire.FrameHello2, Version: 1, Who: bob.credential()}
	macs := map[[32]byte]string{}
	add := func(name string, mac [32]byte) {
		if old, ok := macs[mac]; ok {
			t.Errorf("%s and %s have one MAC", name, old)
		}
		macs[mac] = name
	}
	first := []byte("first")
	add("base", key.MAC2(first, h))
	add("first", key.MAC2([]byte("other"), h))
	for _, change := range []func(*wire.Hello2){
		func(h *wire.Hello2) { h.Version++ }, func(h *wire.Hello2) { h.Tag++ }, func(h *wire.Hello2) { h.Nonce[31]++ },
		func(h *wire.Hello2) { h.Who.List = h.Who.List[1:] }, func(h *wire.Hello2) { h.Who.Device[0]++ },
		func(h *wire.Hello2) { h.Who.Boot++ }, func(h *wire.Hello2) { h.Who.Time++ },
		func(h *wire.Hello2) { h.Who.Expiry++ }, func(h *wire.Hello2) { h.Who.Signature[0]++ },
	} {
		x := h
		change(&x)
		add("changed", key.MAC2(first, x))
	}
	third := wire.Hello3{Type: wire.FrameHello3, Who: bob.credential()}
	add("third", key.MAC3(first, nil, third))
	add("second frame", key.MAC3(first, first, third))
	add("frames swapped", key.MAC3(nil, first, third))
	add("bulk", key.BulkToken(first, nil, nil, alice.peer))
	add("bulk of the other", key.BulkToken(first, nil, nil, bob.peer))
	add("bulk of another hello", key.BulkToken(first, nil, first, bob.peer))

	// The lengths of the peer ids are covered, not only their bytes.
	joined := func(a, b string) [32]byte {
		return wire.NewHelloKey(vectorSecret, bob.id(), []byte(a), []byte(b)).Tag([32]byte{}, []uint16{1})
	}
	add("ab-c", joined("ab", "c"))
	add("a-bc", joined("a", "bc"))

	h.MAC = filled(9)
	if key.MAC2(first, h) != key.MAC2(first, wire.Hello2{Type: h.Type, Version: 1, Who: h.Who}) {
		t.Error("the MAC depends on the MAC field")
	}
}

func TestLongestHello(t *testing.T) {
	versions := make([]uint16, wire.MaxVersions)
	for i := range versions {
		versions[i] = uint16(0xfff0 + i)
	}
	first := marshal(wire.Hello1{Type: wire.FrameHello1, Versions: versions, Tags: make([][32]byte, wire.MaxTags)})
	if len(first) > wire.MaxFirstFrame {
		t.Errorf("the longest first frame has %d bytes", len(first))
	}
	if h, err := wire.DecodeHello1(first); err != nil || !reflect.DeepEqual(h.Versions, versions) {
		t.Error(err)
	}
	second := marshal(wire.Hello2{Type: wire.FrameHello2, Who: wire.Credential{List: make([]byte, wire.MaxList)}})
	if len(second) > wire.MaxHello {
		t.Errorf("the longest second frame has %d bytes", len(second))
	}
}
