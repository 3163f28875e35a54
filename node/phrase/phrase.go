// Package phrase writes 32 secret bytes as 24 words that a person can keep on
// paper, and reads them back: BIP-39 with its English list and without its
// passphrase, so that any tool of that standard can check the words. What a
// phrase stands for here is the entropy itself, not the seed that BIP-39
// derives from it.
//
// Everything here is safe for concurrent use. Errors never name a word.
package phrase

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Words is the number of words of a phrase: 11 bits each hold 256 bits and a
// checksum of 8.
const Words = 24

const wordBits = 11

// ErrChecksum: all words are on the list, but one of them is wrong, or two
// changed places.
var ErrChecksum = errors.New("these words do not belong together: one is wrong or out of place")

//go:embed english.txt
var english string

// list is sorted, as BIP-39 wants it.
var list = strings.Fields(english)

// Encode returns the phrase of secret, in lower case, with single spaces.
func Encode(secret [32]byte) string {
	bits := withChecksum(secret)
	words := make([]string, Words)
	for i := range words {
		words[i] = list[number(bits, i)]
	}
	return strings.Join(words, " ")
}

// Decode reads a phrase. White space and case do not matter.
func Decode(text string) (secret [32]byte, err error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) != Words {
		return secret, fmt.Errorf("a phrase has %d words, this has %d", Words, len(words))
	}
	var bits [len(secret) + 1]byte
	for i, word := range words {
		n, ok := slices.BinarySearch(list, word)
		if !ok {
			return secret, fmt.Errorf("word %d is not on the list of words", i+1)
		}
		put(&bits, i, n)
	}
	secret = [32]byte(bits[:])
	if withChecksum(secret) != bits {
		return [32]byte{}, ErrChecksum
	}
	return secret, nil
}

func withChecksum(secret [32]byte) (bits [33]byte) {
	copy(bits[:], secret[:])
	sum := sha256.Sum256(secret[:])
	bits[32] = sum[0]
	return bits
}

// number returns the i-th group of 11 bits.
func number(bits [33]byte, i int) (n int) {
	for bit := i * wordBits; bit < (i+1)*wordBits; bit++ {
		n = n<<1 | int(bits[bit/8]>>(7-bit%8)&1)
	}
	return n
}

// put sets the i-th group of 11 bits, which were 0, to n.
func put(bits *[33]byte, i, n int) {
	for j := range wordBits {
		bit := i*wordBits + j
		bits[bit/8] |= byte(n>>(wordBits-1-j)&1) << (7 - bit%8)
	}
}
