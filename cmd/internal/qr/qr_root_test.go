//go:build root && linux

package qr_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truce-im/truce/cmd/internal/qr"
)

// TestScanned has another program read the codes.
func TestScanned(t *testing.T) {
	for _, n := range []int{1, 40, 100, 200, 271, 300, 600, 1000, 2000, 2953} {
		text := sample(n)
		c, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, image(c)); got != text {
			t.Errorf("%d bytes are read as %q", n, got)
		}
	}
}

// TestScannedFromTheScreen reads what a terminal shows, on a dark desk and on a
// light one.
func TestScannedFromTheScreen(t *testing.T) {
	for _, n := range []int{100, 200, 300, 600} {
		text := sample(n)
		c, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, ground := range []byte{0, 255} {
			if got := scan(t, screen(c.String(), ground)); got != text {
				t.Errorf("%d bytes on ground %d are read as %q", n, ground, got)
			}
		}
	}
}

// scan returns the text of the one code in a picture.
func scan(t *testing.T, picture []byte) string {
	t.Helper()
	scanner, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("needs zbarimg (Debian: zbar-tools)")
	}
	path := filepath.Join(t.TempDir(), "code.pgm")
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(scanner, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	if err != nil {
		t.Errorf("zbarimg: %v", err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// screen draws lines of half blocks, white on black, in the PGM format. Around
// them is the ground of the terminal.
func screen(text string, ground byte) []byte {
	const cell, margin = 4, 24 // a letter is cell wide and twice as high
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	letters := make([][]rune, len(lines))
	for i, l := range lines {
		letters[i] = []rune(l)
	}
	width, height := len(letters[0])*cell+2*margin, len(lines)*2*cell+2*margin
	var b bytes.Buffer
	fmt.Fprintf(&b, "P5 %d %d 255\n", width, height)
	for y := range height {
		for x := range width {
			row, column := (y-margin)/cell, (x-margin)/cell
			if x < margin || y < margin || row/2 >= len(lines) || column >= len(letters[0]) {
				b.WriteByte(ground)
				continue
			}
			lit := map[rune][2]bool{'█': {true, true}, '▀': {true, false}, '▄': {false, true}}[letters[row/2][column]]
			b.WriteByte(map[bool]byte{true: 255}[lit[row%2]])
		}
	}
	return b.Bytes()
}

// image draws c in the PGM format.
func image(c *qr.Code) []byte {
	const scale, quiet = 4, 4
	size := (c.Size + 2*quiet) * scale
	var b bytes.Buffer
	fmt.Fprintf(&b, "P5 %d %d 255\n", size, size)
	for y := range size {
		for x := range size {
			if c.Dark(x/scale-quiet, y/scale-quiet) {
				b.WriteByte(0)
			} else {
				b.WriteByte(255)
			}
		}
	}
	return b.Bytes()
}
