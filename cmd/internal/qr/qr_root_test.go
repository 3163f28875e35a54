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
	scanner, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("needs zbarimg (Debian: zbar-tools)")
	}
	for _, n := range []int{1, 40, 100, 200, 271, 300, 600, 1000, 2000, 2953} {
		text := sample(n)
		c, err := qr.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "code.pgm")
		if err := os.WriteFile(path, image(c), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(scanner, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
		if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != text {
			t.Errorf("%d bytes are read as %q, %v", n, got, err)
		}
	}
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
