package chat

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// The protocol's vectors for what this package computes lie with the others.
const vectors = "wire/testdata"

var update = flag.Bool("update", false, "write the vectors in wire/testdata anew")

// runVectors runs check on every vector in dir, which are those of the table.
// With -update it writes them first.
func runVectors[V any](t *testing.T, dir string, table map[string]V, check func(*testing.T, V)) {
	t.Helper()
	dir = filepath.Join(vectors, dir, "valid")
	for name, v := range table {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".json")
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, append(b, '\n')) {
			t.Errorf("%s is not what the table makes (-update writes it anew): %v", path, err)
		}
		t.Run(name, func(t *testing.T) {
			var v V
			if err := json.Unmarshal(got, &v); err != nil {
				t.Fatal(err)
			}
			check(t, v)
		})
	}
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) != len(table) {
		t.Errorf("%d files in %s, want %d: %v", len(files), dir, len(table), err)
	}
}

func unhex32(t *testing.T, s string) [32]byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		t.Fatalf("%q: %v", s, err)
	}
	return [32]byte(b)
}

// vectorSeed is the Ed25519 seed of 32 bytes b; 10…10 is alice and 20…20 bob,
// as in the other vectors.
func vectorSeed(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func vectorAccount(b byte) wire.Account {
	return wire.Account(ed25519.NewKeyFromSeed(vectorSeed(b)).Public().(ed25519.PublicKey))
}

type safetyVector struct {
	Comment string `json:"comment"`
	A       string `json:"account_a"`
	B       string `json:"account_b"`
	Number  string `json:"number"`
}

func TestSafetyNumberVectors(t *testing.T) {
	of := func(comment string, a, b wire.Account) safetyVector {
		return safetyVector{comment, hex.EncodeToString(a[:]), hex.EncodeToString(b[:]), safetyNumber(a, b)}
	}
	alice, bob := vectorAccount(0x10), vectorAccount(0x20)
	runVectors(t, "safety", map[string]safetyVector{
		"alice-bob": of("of alice and bob", alice, bob),
		"bob-alice": of("the same from the other side", bob, alice),
		"bytes":     of("accounts of 00 and of ff bytes", wire.Account{}, wire.Account(bytes.Repeat([]byte{0xff}, 32))),
	}, func(t *testing.T, v safetyVector) {
		if got := safetyNumber(unhex32(t, v.A), unhex32(t, v.B)); got != v.Number || len(digits(got)) != 60 {
			t.Errorf("got %s", got)
		}
	})
	if safetyNumber(alice, bob) != safetyNumber(bob, alice) {
		t.Error("the two sides see different numbers")
	}
}

type orderVector struct {
	Comment     string `json:"comment"`
	Stamp       uint64 `json:"stamp"`
	Predecessor uint64 `json:"predecessor"` // order key of the event before in the log; 0 at seq 1
	Received    uint64 `json:"received"`
	Order       uint64 `json:"order"`
}

func TestOrderVectors(t *testing.T) {
	const now, minute = 1700000000000, 60_000
	of := func(comment string, stamp, predecessor, received uint64) orderVector {
		return orderVector{comment, stamp, predecessor, received, clampOrder(stamp, predecessor, received)}
	}
	table := map[string]orderVector{
		"usual":         of("the stamp counts", now, now-minute, now+5),
		"first":         of("at the beginning of a log", now, 0, now+5),
		"late":          of("written yesterday, received now", now-24*60*minute, 0, now),
		"ahead":         of("a clock one minute ahead", now+minute, now, now),
		"two-minutes":   of("the most that a clock may be ahead", now+2*minute, now, now),
		"far-ahead":     of("a message dated 2099", 4086000000000, now, now),
		"backwards":     of("a clock that was put back: not before its predecessor", now-minute, now, now+5),
		"after-ahead":   of("the predecessor came when our clock was ahead", now, now+10*minute, now),
		"zero":          of("no clock at all", 0, 0, now),
		"last":          of("the last time there is", wire.MaxStamp, 0, wire.MaxStamp),
		"clock-of-1970": of("the receiver's clock is not set", now, 0, 1000),
	}
	runVectors(t, "order", table, func(t *testing.T, v orderVector) {
		if got := clampOrder(v.Stamp, v.Predecessor, v.Received); got != v.Order {
			t.Errorf("got %d", got)
		}
	})
	for name, want := range map[string]uint64{"usual": now, "far-ahead": now + 2*minute, "backwards": now, "after-ahead": now + 10*minute} {
		if table[name].Order != want {
			t.Errorf("%s: %d, want %d", name, table[name].Order, want)
		}
	}
}

type ownerVector struct {
	Comment string `json:"comment"`
	Seed    string `json:"account_seed"`
	Secret  string `json:"owner_secret"`
}

// selfStore keeps what Create writes, and nothing else.
type selfStore struct {
	Store
	Tx
	self Self
}

func (s *selfStore) Update(fn func(Tx) error) error { return fn(s) }
func (s *selfStore) PutSelf(self Self) error        { s.self = self; return nil }

func TestOwnerSecretVectors(t *testing.T) {
	ownerOf := func(seed []byte) string {
		var store selfStore
		if err := Create(&store, ed25519.NewKeyFromSeed(seed), "", time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(store.self.Owner[:])
	}
	runVectors(t, "owner", map[string]ownerVector{
		"alice": {"the account of the seed 10…10", hex.EncodeToString(vectorSeed(0x10)), ownerOf(vectorSeed(0x10))},
	}, func(t *testing.T, v ownerVector) {
		seed := unhex32(t, v.Seed)
		if got := ownerOf(seed[:]); got != v.Secret {
			t.Errorf("got %s", got)
		}
	})
}
