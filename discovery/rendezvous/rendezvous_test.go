package rendezvous_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/truce-im/truce/discovery/rendezvous"
)

const somebody = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

func record(t testing.TB, addrs ...string) rendezvous.Record {
	t.Helper()
	id, err := peer.Decode(somebody)
	if err != nil {
		t.Fatal(err)
	}
	r := rendezvous.Record{Peer: id, Expires: time.Unix(2_000_000_000, 0)}
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, ma.StringCast(a))
	}
	return r
}

var now = time.Unix(1_900_000_000, 0)

func TestSealOpen(t *testing.T) {
	p := rendezvous.At(rendezvous.Key{1}, 7)
	want := record(t, "/ip4/1.2.3.4/tcp/4001", "/ip6/2001:db8::1/udp/4001/quic-v1", "/ip4/5.6.7.8/tcp/1/p2p/"+somebody+"/p2p-circuit")
	sealed := p.Seal(want)
	if len(sealed) != rendezvous.Size {
		t.Errorf("it has %d bytes", len(sealed))
	}
	if bytes.Equal(sealed, p.Seal(want)) {
		t.Error("the same record looks the same twice")
	}
	got, err := p.Open(sealed, now)
	if err != nil || got.Peer != want.Peer || !got.Expires.Equal(want.Expires) || !slices.EqualFunc(got.Addrs, want.Addrs, ma.Multiaddr.Equal) {
		t.Errorf("%+v becomes %+v, %v", want, got, err)
	}
	for name, other := range map[string]rendezvous.Place{"another key": rendezvous.At(rendezvous.Key{2}, 7), "another slot": rendezvous.At(rendezvous.Key{1}, 8)} {
		if _, err := other.Open(sealed, now); !errors.Is(err, rendezvous.ErrRecord) {
			t.Errorf("%s opens it: %v", name, err)
		}
	}
	if _, err := p.Open(sealed, want.Expires); !errors.Is(err, rendezvous.ErrRecord) {
		t.Errorf("it opens when it has expired: %v", err)
	}
}

// What does not fit is left out; the rest still opens.
func TestTooMuch(t *testing.T) {
	p := rendezvous.At(rendezvous.Key{}, 0)
	var many []string
	for range 20 {
		many = append(many, "/ip4/1.2.3.4/tcp/4001")
	}
	long := "/dns4/" + string(bytes.Repeat([]byte("a"), 254)) + "/tcp/1"
	for name, addrs := range map[string][]string{"many": many, "long": {long, "/ip4/1.2.3.4/tcp/1"}, "none": nil} {
		got, err := p.Open(p.Seal(record(t, addrs...)), now)
		if err != nil || len(got.Addrs) > rendezvous.MaxAddrs || name == "long" && len(got.Addrs) != 1 {
			t.Errorf("%s: %d addresses, %v", name, len(got.Addrs), err)
		}
	}
}

func TestRubbish(t *testing.T) {
	p := rendezvous.At(rendezvous.Key{}, 0)
	for range 10_000 {
		b := make([]byte, rendezvous.Size)
		rand.Read(b)
		if _, err := p.Open(b, now); !errors.Is(err, rendezvous.ErrRecord) {
			t.Fatalf("%x opens: %v", b, err)
		}
	}
}

func TestSlots(t *testing.T) {
	offsets := map[int]bool{}
	for i := range 50 {
		k := rendezvous.Key{byte(i)}
		s, ends := rendezvous.SlotAt(k, now)
		if d := ends.Sub(now); d <= 0 || d > rendezvous.Period {
			t.Errorf("a slot ends in %v", d)
		}
		if next, _ := rendezvous.SlotAt(k, ends); next != s+1 {
			t.Errorf("slot %d is followed by %d", s, next)
		}
		if last, _ := rendezvous.SlotAt(k, ends.Add(-time.Second)); last != s {
			t.Errorf("slot %d is %d a second before its end", s, last)
		}
		offsets[int(ends.Unix()/3600%24)] = true
	}
	if len(offsets) < 12 {
		t.Errorf("50 keys turn in %d hours of the day", len(offsets))
	}
}

// vectors are what another implementation checks itself against.
type vectors struct {
	Key    string `json:"key"`
	Time   int64  `json:"time"`
	Slot   int64  `json:"slot"`
	Ends   int64  `json:"ends"`
	Public string `json:"public"` // of the signer
	Record struct {
		Peer    string   `json:"peer"`
		Addrs   []string `json:"addrs"`
		Expires int64    `json:"expires"`
	} `json:"record"`
	Sealed string `json:"sealed"`
}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile("../testdata/rendezvous.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vectors
	if err := json.Unmarshal(text, &list); err != nil || len(list) == 0 {
		t.Fatalf("%d vectors, %v", len(list), err)
	}
	for _, v := range list {
		b, _ := hex.DecodeString(v.Key)
		k := rendezvous.Key(b)
		slot, ends := rendezvous.SlotAt(k, time.Unix(v.Time, 0))
		p := rendezvous.At(k, slot)
		public := hex.EncodeToString(p.Signer().Public().(ed25519.PublicKey))
		if int64(slot) != v.Slot || ends.Unix() != v.Ends || public != v.Public {
			t.Errorf("slot %d to %d, public key %s; not %d, %d, %s", slot, ends.Unix(), public, v.Slot, v.Ends, v.Public)
		}
		sealed, _ := hex.DecodeString(v.Sealed)
		r, err := p.Open(sealed, time.Unix(v.Time, 0))
		var addrs []string
		for _, a := range r.Addrs {
			addrs = append(addrs, a.String())
		}
		if err != nil || r.Peer.String() != v.Record.Peer || r.Expires.Unix() != v.Record.Expires || !slices.Equal(addrs, v.Record.Addrs) {
			t.Errorf("the record is %+v, %v; not %+v", r, err, v.Record)
		}
	}
}

func FuzzOpen(f *testing.F) {
	p := rendezvous.At(rendezvous.Key{}, 0)
	f.Add(p.Seal(record(f, "/ip4/1.2.3.4/tcp/1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := p.Open(b, now); err == nil && (len(r.Addrs) > rendezvous.MaxAddrs || r.Peer == "") {
			t.Errorf("%+v", r)
		}
	})
}

// FuzzParse looks at what is inside: somebody with the key may have written it.
func FuzzParse(f *testing.F) {
	f.Add(rendezvous.Marshal(record(f, "/ip4/1.2.3.4/tcp/1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		var plain [512]byte
		copy(plain[:], b)
		r, err := rendezvous.Parse(plain)
		if err == nil && !bytes.Equal(rendezvous.Marshal(r), plain[:]) {
			t.Errorf("%x becomes %+v", plain, r)
		}
	})
}
