package keyfile

import (
	"encoding/hex"
	"testing"
)

// Check fails unless f is within its bounds and is spelled b.
func Check(t *testing.T, f File, b []byte) {
	if f.Sealed() && !f.cost.bounded() {
		t.Errorf("a cost of %+v", f.cost)
	}
	if got := f.header() + hex.EncodeToString(f.body) + "\n"; got != string(b) {
		t.Errorf("%q is also %q", b, got)
	}
}
