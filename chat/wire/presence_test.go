package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

func presenceKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32))
}

// A record says what was signed, is padded to few lengths, and every byte of it
// counts.
func TestPresenceRecord(t *testing.T) {
	key, account := presenceKey(1), wire.Account{7}
	for length, p := range map[int]wire.Presence{
		96 + 64:   {View: wire.ViewPlain, Boot: 3, Seq: 9, Time: wire.MaxStamp, State: wire.PresenceAvailable},
		96 + 256:  {View: wire.ViewFull, Epoch: wire.MaxStamp, Boot: wire.MaxSeq, Seq: wire.MaxSeq, Time: 5, State: wire.PresenceAway, Idle: 4, Text: strings.Repeat("x", 100), Caps: []string{"typing"}},
		96 + 1280: {View: wire.ViewFull, Text: strings.Repeat("x", wire.MaxStatus)},
		96 + 4736: {View: wire.ViewFull, Text: strings.Repeat("🏠", wire.MaxStatus), Caps: strings.Split(strings.Repeat(strings.Repeat("c", 32)+" ", 15)+"c", " ")},
	} {
		record := wire.SignPresence(key, account, p)
		if len(record) != length {
			t.Errorf("a record of %d bytes, not %d", len(record), length)
		}
		d, got, err := wire.ParsePresence(account, record)
		if p.Caps == nil {
			p.Caps = []string{}
		}
		if err != nil || !reflect.DeepEqual(got, p) || !bytes.Equal(d[:], key.Public().(ed25519.PublicKey)) {
			t.Errorf("%+v became %+v, %v", p, got, err)
		}
		if _, _, err := wire.ParsePresence(wire.Account{8}, record); wire.ErrorClass(err) != "signature" {
			t.Errorf("for another account: %v", err)
		}
		for i := 0; i < len(record); i += 7 {
			bad := bytes.Clone(record)
			bad[i] ^= 1
			if _, _, err := wire.ParsePresence(account, bad); err == nil {
				t.Fatalf("byte %d counts for nothing", i)
			}
		}
	}
}

// Sealed under the secret of a view it can be opened by who holds that, whoever
// carries it carries the same, and an epoch later the secret is worth nothing.
func TestPresenceSealed(t *testing.T) {
	owner := wire.OwnerSecret{1}
	full := owner.ViewSecret(wire.ViewFull, 1)
	record := wire.SignPresence(presenceKey(1), wire.Account{7}, wire.Presence{View: wire.ViewFull})
	sealed := full.Seal(record)
	if !bytes.Equal(sealed, full.Seal(record)) {
		t.Error("two carriers carry two things")
	}
	if got, err := full.Open(sealed); err != nil || !bytes.Equal(got, record) {
		t.Error(err)
	}
	topics := map[string]bool{full.Topic(): true}
	for _, other := range []wire.ViewSecret{owner.ViewSecret(wire.ViewPlain, 1), owner.ViewSecret(wire.ViewFull, 2), {}} {
		if _, err := other.Open(sealed); wire.ErrorClass(err) != "sealed" {
			t.Errorf("another secret opens it: %v", err)
		}
		if topics[other.Topic()] {
			t.Error("two secrets have one topic")
		}
		topics[other.Topic()] = true
	}
	if full.Tag([32]byte{1}) == full.Tag([32]byte{2}) {
		t.Error("a tag of one side is good for the other")
	}
}
