package phrase_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/truce-im/truce/node/phrase"
)

// The list is that of the standard, byte for byte.
func TestList(t *testing.T) {
	b, err := os.ReadFile("english.txt")
	if err != nil {
		t.Fatal(err)
	}
	const want = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
		t.Errorf("its SHA-256 is %x", sum)
	}
}

// Vectors of BIP-39 with 256 bits.
var vectors = []struct{ entropy, words string }{
	{"0000000000000000000000000000000000000000000000000000000000000000", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art"},
	{"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title"},
	{"8080808080808080808080808080808080808080808080808080808080808080", "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"},
	{"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote"},
	{"3e141609b97933b66a060dcddc71fad1d91677db872031e85f4c015c5e7e8982", "dignity pass list indicate nasty swamp pool script soccer toe leaf photo multiply desk host tomato cradle drill spread actor shine dismiss champion exotic"},
	{"2c85efc7f24ee4573d2b81a6ec66cee209b2dcbd09d8eddc51e0215b0b68e416", "clutch control vehicle tonight unusual clog visa ice plunge glimpse recipe series open hour vintage deposit universe tip job dress radar refuse motion taste"},
	{"4fa1a8bc3e6d80ee1316050e862c1812031493212b7ec3f3bb1b08f168cabeef", "exile ask congress lamp submit jacket era scheme attend cousin alcohol catch course end lucky hurt sentence oven short ball bird grab wing top"},
	{"15da872c95a13dd738fbf50e427583ad61f18fd99f628c417a61cf8343c90419", "beyond stage sleep clip because twist token leaf atom beauty genius food business side grid unable middle armed observe pair crouch tonight away coconut"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		b, err := hex.DecodeString(v.entropy)
		if err != nil {
			t.Fatal(err)
		}
		if got := phrase.Encode([32]byte(b)); got != v.words {
			t.Errorf("%s: %s", v.entropy, got)
		}
		sloppy := "\n " + strings.ToUpper(strings.ReplaceAll(v.words, " ", " \t\r\n"))
		for _, text := range []string{v.words, sloppy} {
			if got, err := phrase.Decode(text); err != nil || !bytes.Equal(got[:], b) {
				t.Errorf("%q: %x, %v", text, got, err)
			}
		}
	}
}

func TestWrongPhrases(t *testing.T) {
	good := vectors[len(vectors)-1].words
	words := strings.Fields(good)
	swapped := append([]string{words[1], words[0]}, words[2:]...)
	for name, text := range map[string]string{
		"empty":       "",
		"too few":     strings.Join(words[1:], " "),
		"too many":    good + " art",
		"not a word":  strings.Replace(good, words[3], "secretword", 1),
		"swapped":     strings.Join(swapped, " "),
		"another end": strings.Join(append(words[:23:23], "zoo"), " "),
	} {
		got, err := phrase.Decode(text)
		if err == nil || got != [32]byte{} {
			t.Errorf("%s: %x, %v", name, got, err)
			continue
		}
		for _, w := range append(words, "secretword") {
			if len(w) > 4 && strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error %q names a word", name, err)
			}
		}
		if name == "swapped" && !errors.Is(err, phrase.ErrChecksum) {
			t.Errorf("swapped: %v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.words)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := phrase.Decode(text)
		if err != nil {
			return
		}
		want := strings.Join(strings.Fields(strings.ToLower(text)), " ")
		if got := phrase.Encode(secret); got != want {
			t.Errorf("%q became %q", want, got)
		}
	})
}
