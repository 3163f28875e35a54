package chat

import (
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"

	"github.com/truce-im/truce/chat/wire"
)

// SafetyNumber is what two people compare to know that each has the other's
// account: 60 digits in groups of 5 (PROTOCOL.md §3.6). Both see the same.
func (s *Service) SafetyNumber(a wire.Account) string { return safetyNumber(s.self.Account, a) }

func safetyNumber(a, b wire.Account) string {
	if string(a[:]) > string(b[:]) {
		a, b = b, a
	}
	h := sha512.New()
	h.Write([]byte("truce safety number v1\x00"))
	h.Write(a[:])
	h.Write(b[:])
	sum := h.Sum(nil)
	groups := make([]string, 12)
	for i := range groups {
		// 5 bytes are 40 bits: the digits are even to one part in ten million.
		var n [8]byte
		copy(n[3:], sum[5*i:5*i+5])
		groups[i] = fmt.Sprintf("%05d", binary.BigEndian.Uint64(n[:])%100000)
	}
	return strings.Join(groups, " ")
}

// Verify compares number with the safety number of a and, if it is the same,
// marks the contact as verified. An empty number only shows. Spaces in it do
// not count. Errors: ErrNotFound; CodeRefused if the numbers differ.
func (s *Service) Verify(a wire.Account, number string) (shown string, verified bool, err error) {
	shown = s.SafetyNumber(a)
	err = s.update(func(tx Tx) error {
		c, err := tx.Contact(a)
		if err != nil {
			return err
		}
		if number == "" || c.Verified && digits(number) == digits(shown) {
			verified = c.Verified
			return nil
		}
		if digits(number) != digits(shown) {
			return Errorf(CodeRefused, "the numbers differ: this may not be %s", c.Name).
				WithHint("compare again, and do not trust the contact until they are the same")
		}
		c.Verified, verified = true, true
		return s.putContact(tx, c)
	})
	return shown, verified, err
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
