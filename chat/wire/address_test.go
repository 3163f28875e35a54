package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

type addressVector struct {
	Comment string `json:"comment"`
	Account string `json:"account"` // Ed25519 public key, hex
	Address string `json:"address"`
}

func validAddress(name, comment string, a wire.Account) named[addressVector] {
	return named[addressVector]{name, addressVector{comment, toHex(a[:]), a.String()}}
}

func TestAddressVectors(t *testing.T) {
	table := []named[addressVector]{
		validAddress("zeros", "32 zero bytes, which are no account but have an address", wire.Account{}),
		validAddress("ones", "32 bytes of ff", filled(0xff)),
		validAddress("alice", "the account of the seed 10…10", alice.id()),
		validAddress("bob", "the account of the seed 20…20", bob.id()),
	}
	runVectors(t, "testdata/address/valid", table, func(t *testing.T, v addressVector) {
		want := wire.Account(unhex32(t, v.Account))
		for _, s := range []string{v.Address, strings.ToUpper(v.Address)} {
			if got, err := wire.ParseAccount(s); err != nil || got != want {
				t.Errorf("%s is %x, %v", s, got, err)
			}
		}
		if want.String() != v.Address || !strings.HasPrefix(v.Address, want.Short()) {
			t.Errorf("prints as %s and %s", want, want.Short())
		}
		if err := wire.CheckName(v.Address); wire.ErrorClass(err) != "name-address" {
			t.Errorf("as a name: %v", err)
		}
	})
}

// invalidText is text that is refused for the reason that Class names.
type invalidText struct {
	Comment string `json:"comment"`
	Class   string `json:"class"`
	Input   string `json:"input"`
}

func refusedText(name, class, input, comment string) named[invalidText] {
	return named[invalidText]{name, invalidText{comment, class, input}}
}

func TestInvalidAddressVectors(t *testing.T) {
	good := alice.id().String()
	table := []named[invalidText]{
		refusedText("empty", "address-length", "", "nothing"),
		refusedText("short", "address-length", good[:55], "the last character is cut off"),
		refusedText("long", "address-length", good+"a", "one character more"),
		refusedText("digit", "address-alphabet", "1"+good[1:], "1 is not in the alphabet"),
		refusedText("padding", "address-alphabet", good[:55]+"=", "no padding"),
		refusedText("space", "address-alphabet", " "+good[:55], "a space"),
		refusedText("newlines", "address-alphabet", good[:52]+"\n\r\n\r", "line breaks, which many decoders of base32 skip"),
		refusedText("kelvin", "address-alphabet", good[:50]+"\u212a\u212a", "U+212A, whose lower case is k"),
		refusedText("dotted-i", "address-alphabet", good[:48]+strings.Repeat("\u0130", 4), "U+0130, which some lower to i"),
		refusedText("typo", "address-checksum", "a"+good[1:], "the first character is wrong"),
		refusedText("swapped", "address-checksum", good[1:2]+good[:1]+good[2:], "the first two characters are swapped"),
		refusedText("checksum", "address-checksum", good[:53]+flip(good[53:54])+good[54:], "the checksum is wrong"),
		refusedText("version", "address-version", good[:55]+"c", "version 2"),
	}
	runVectors(t, "testdata/address/invalid", table, func(t *testing.T, v invalidText) {
		a, err := wire.ParseAccount(v.Input)
		wantClass(t, err, v.Class)
		if a != (wire.Account{}) {
			t.Errorf("an error with %x", a)
		}
	})
}

// flip returns another character of the base32 alphabet.
func flip(s string) string {
	if s == "a" {
		return "b"
	}
	return "a"
}

type conversationVector struct {
	Comment string `json:"comment"`
	A       string `json:"account_a"`
	B       string `json:"account_b"`
	ID      string `json:"conversation"`
}

func TestConversationVectors(t *testing.T) {
	of := func(comment string, a, b wire.Account) conversationVector {
		return conversationVector{comment, toHex(a[:]), toHex(b[:]), wire.DirectConv(a, b).String()}
	}
	a, b := alice.id(), bob.id()
	table := []named[conversationVector]{
		{"alice-bob", of("of alice and bob", a, b)},
		{"bob-alice", of("the same from the other side", b, a)},
		{"alice-alice", of("with oneself", a, a)},
	}
	runVectors(t, "testdata/conversation/valid", table, func(t *testing.T, v conversationVector) {
		if got := wire.DirectConv(unhex32(t, v.A), unhex32(t, v.B)); got.String() != v.ID {
			t.Errorf("got %s", got)
		}
	})
	if wire.DirectConv(a, b) != wire.DirectConv(b, a) || wire.DirectConv(a, b) == wire.DirectConv(a, mallory.id()) {
		t.Error("it must depend on both accounts, not on their order")
	}
}

// TestDocumentExample checks the worked example of PROTOCOL.md §2.1.
func TestDocumentExample(t *testing.T) {
	a := alice.id()
	example := fmt.Sprintf("    account  %x\n    sum      b781\n    address  %s\n", a[:], a)
	if !strings.Contains(readAll(t, "PROTOCOL.md"), example) {
		t.Errorf("the document lacks\n%s", example)
	}
}
