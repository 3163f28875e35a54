package wire_test

import (
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// secretVector is one derivation. Of Inputs those are there that it has.
type secretVector struct {
	Comment string            `json:"comment"`
	Derive  string            `json:"derive"` // pair, pending, or the label of a key
	Inputs  map[string]string `json:"inputs"`
	Secret  string            `json:"secret"`
}

func derived(name, comment, kind string, secret [32]byte, inputs map[string]string) named[secretVector] {
	return named[secretVector]{name, secretVector{comment, kind, inputs, toHex(secret[:])}}
}

func accountHex(p party) string { a := p.id(); return toHex(a[:]) }

func hex32(b [32]byte) string { return toHex(b[:]) }

func TestSecretVectors(t *testing.T) {
	a, b := alice.id(), bob.id()
	shareA, shareB, reach := filled(0xa1), filled(0xb2), filled(0x66)
	pair := wire.PairSecret(a, b, shareA, shareB)
	table := []named[secretVector]{
		derived("pair", "of two shares", "pair", pair, map[string]string{
			"account_a": accountHex(alice), "account_b": accountHex(bob), "share_a": hex32(shareA), "share_b": hex32(shareB),
		}),
		derived("pair-swapped", "the same from the other side", "pair", pair, map[string]string{
			"account_a": accountHex(bob), "account_b": accountHex(alice), "share_a": hex32(shareB), "share_b": hex32(shareA),
		}),
		derived("pending", "alice asks bob", "pending", wire.PendingSecret(a, b, reach, shareA), map[string]string{
			"asker": accountHex(alice), "asked": accountHex(bob), "reach": hex32(reach), "share": hex32(shareA),
		}),
		derived("pending-back", "bob asks alice", "pending", wire.PendingSecret(b, a, reach, shareA), map[string]string{
			"asker": accountHex(bob), "asked": accountHex(alice), "reach": hex32(reach), "share": hex32(shareA),
		}),
		derived("hello", "the key of a hello", "truce hello v1", pair.Derive("truce hello v1"), map[string]string{"secret": hex32(pair)}),
		derived("mdns", "the key under which alice announces herself on a local network", "truce mdns v1", pair.Derive("truce mdns v1", a[:]), map[string]string{
			"secret": hex32(pair), "part": accountHex(alice),
		}),
	}
	runVectors(t, "testdata/secrets/valid", table, func(t *testing.T, v secretVector) {
		in := func(name string) [32]byte { return unhex32(t, v.Inputs[name]) }
		var got wire.Secret
		switch v.Derive {
		case "pair":
			got = wire.PairSecret(in("account_a"), in("account_b"), in("share_a"), in("share_b"))
		case "pending":
			got = wire.PendingSecret(in("asker"), in("asked"), in("reach"), in("share"))
		default:
			got = wire.Secret(in("secret")).Derive(v.Derive, unhex(t, v.Inputs["part"]))
		}
		if toHex(got[:]) != v.Secret {
			t.Errorf("got %x", got)
		}
	})
	seen := map[string]string{}
	for _, tt := range table {
		if tt.name != "pair-swapped" && seen[tt.vector.Secret] != "" {
			t.Errorf("%s and %s are the same", tt.name, seen[tt.vector.Secret])
		}
		seen[tt.vector.Secret] = tt.name
	}
}
