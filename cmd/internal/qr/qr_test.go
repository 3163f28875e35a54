package qr_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/truce-im/truce/cmd/internal/qr"
)

func TestSizes(t *testing.T) {
	for n, size := range map[int]int{0: 21, 17: 21, 18: 25, 230: 53, 271: 57, 2953: 177} {
		c, err := qr.Encode(strings.Repeat("x", n))
		if err != nil || c.Size != size {
			t.Errorf("%d bytes: %v, %v, want size %d", n, c, err, size)
		}
	}
	if _, err := qr.Encode(strings.Repeat("x", 2954)); err != qr.ErrTooLong {
		t.Errorf("too long: %v", err)
	}
}

// Codes of all kinds of layout stay as they were when another program read them
// (qr_root_test.go).
func TestGolden(t *testing.T) {
	for n, want := range map[int]string{
		1:    "a7af2952d67d8df0",
		200:  "ec58d8cb3060135c",
		300:  "c009698ea59015e3",
		2953: "d0c09ed2ee91cb1e",
	} {
		c, err := qr.Encode(sample(n))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%.8x", sha256.Sum256([]byte(c.String()))); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}

// sample is a text of n bytes.
func sample(n int) string {
	return strings.Repeat("truce:ubru7vltuzn34tah?k=rxhsesy3&n=Ann/", n/40+1)[:n]
}

func TestString(t *testing.T) {
	c, err := qr.Encode("truce")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(c.String(), "\n")
	if len(lines) != (c.Size+8+1)/2+1 {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines[:len(lines)-1] {
		if n := len([]rune(l)); n != c.Size+8 || n != c.Width() {
			t.Errorf("a line of %d characters", n)
		}
	}
	// The upper left finder: a light frame, then its dark edge.
	if !strings.HasPrefix(lines[2], "████ ▄▄▄▄▄ █") {
		t.Errorf("the corner is %q", lines[2])
	}
}
