package storage_test

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/truce-im/truce/storage"
)

// An event's row: an array in the deterministic CBOR of RFC 8949 §4.2.1.
var sampleRow = func() []byte {
	b, err := cbor.Marshal([]any{
		3, uint64(1) << 40, 1, 0, bytes.Repeat([]byte{7}, 32), uint64(1_700_000_000_000), uint64(1_700_000_000_001), 1, uint64(1_700_000_000_000),
		make([]byte, 32), make([]byte, 16), []byte("a body"),
	})
	if err != nil {
		panic(err)
	}
	return b
}()

func TestEventRowIsCBOR(t *testing.T) {
	if again, err := storage.ReencodeEvent(sampleRow); err != nil || !bytes.Equal(again, sampleRow) {
		t.Errorf("%x became %x, %v", sampleRow, again, err)
	}
}

// FuzzEventRow: what parses is written again in the same bytes, which are
// deterministic CBOR to others too.
func FuzzEventRow(f *testing.F) {
	f.Add(sampleRow)
	f.Add(sampleRow[:40])
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		again, err := storage.ReencodeEvent(b)
		if err != nil {
			return
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
		var list []any
		if err := cbor.Unmarshal(b, &list); err != nil {
			t.Fatal(err)
		}
		if other, err := mode.Marshal(list); err != nil || !bytes.Equal(other, b) {
			t.Errorf("another codec writes %x, not %x, %v", other, b, err)
		}
	})
}

// FuzzRows: no row makes a decoder panic.
func FuzzRows(f *testing.F) {
	f.Add(sampleRow)
	f.Add([]byte{1, 1, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) { storage.DecodeRows(b) })
}
