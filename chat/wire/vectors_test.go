package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// A named vector is what the file of that name holds.
type named[V any] struct {
	name   string
	vector V
}

// runVectors runs check on every vector in dir, which must be those of the
// table to the byte. With -update it writes them first.
func runVectors[V any](t *testing.T, dir string, table []named[V], check func(*testing.T, V)) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, tt := range table {
		writeVector(t, dir, tt.name, tt.vector)
		want = append(want, filepath.ToSlash(filepath.Join(dir, tt.name+".json")))
	}
	slices.Sort(want)
	if got := vectorFiles(t, dir); !slices.Equal(got, want) {
		t.Errorf("files\n%q, want\n%q", got, want)
	}
	for _, tt := range table {
		got, err := os.ReadFile(filepath.Join(dir, tt.name+".json"))
		if err != nil || string(got) != asJSON(t, tt.vector)+"\n" {
			t.Errorf("%s is not what the table makes (-update writes it anew): %v", tt.name, err)
		}
	}
	forVectors(t, dir, check)
}

// wantClass fails unless err is a wire error of that class.
func wantClass(t *testing.T, err error, class string) {
	t.Helper()
	if err == nil || wire.ErrorClass(err) != class {
		t.Errorf("error %v of class %q, want class %q", err, wire.ErrorClass(err), class)
	}
}

// invalidHex is input that is refused for the reason that Class names.
type invalidHex struct {
	Comment string `json:"comment"`
	Class   string `json:"class"`
	Input   string `json:"input"` // hex
}

// refusal makes the vector of a refused input, whose hex may have spaces.
func refusal(name, class, input, comment string) named[invalidHex] {
	return named[invalidHex]{name, invalidHex{comment, class, unspaced(input)}}
}

// filled is n bytes of one value: the keys and nonces of the vectors.
func filled(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

func toHex(b []byte) string { return hex.EncodeToString(b) }

func unhex32(t *testing.T, s string) [32]byte {
	t.Helper()
	b := unhex(t, s)
	if len(b) != 32 {
		t.Fatalf("%d bytes in the place of 32", len(b))
	}
	return [32]byte(b)
}

// party is one side of a hello or of a list, made from one byte.
type party struct {
	account, device ed25519.PrivateKey
	peer            []byte // libp2p peer id
}

func newParty(b byte) party {
	key := func(seed [32]byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed[:]) }
	transport := key(filled(b + 2)).Public().(ed25519.PublicKey)
	return party{
		account: key(filled(b)),
		device:  key(filled(b + 1)),
		peer:    append([]byte{0x00, 0x24, 0x08, 0x01, 0x12, 0x20}, transport...),
	}
}

func (p party) id() wire.Account { return wire.Account(p.account.Public().(ed25519.PublicKey)) }

func (p party) list(n uint64) wire.DeviceList {
	return wire.DeviceList{N: n, Account: p.id(), Live: []wire.ListedDevice{wire.Claim(p.device, p.id())}}
}

// sign encodes a list, valid or not.
func sign(l wire.DeviceList, account ed25519.PrivateKey) []byte {
	return signedBy(account, marshal(l))
}

// signBody signs whatever is to pass for a list of alice's.
func signBody(body []byte) []byte { return signedBy(alice.account, body) }

func signedBy(account ed25519.PrivateKey, body []byte) []byte {
	message := append([]byte("truce device list v1\x00"), body...)
	return marshal(wire.SignedList{Body: body, Signature: [64]byte(ed25519.Sign(account, message))})
}

func marshal(v any) []byte {
	b, err := wire.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	alice   = newParty(0x10)
	bob     = newParty(0x20)
	mallory = newParty(0x30)
)

func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }
