package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/wire"
)

// seed adds every string in the vectors of testdata/thing: the ones in hex
// decoded, the others as they are.
func seed(f *testing.F, thing string, add func([]byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + thing + "/*/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no vectors of %s: %v", thing, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(raw, &fields); err != nil {
			f.Fatal(err)
		}
		for name, v := range fields {
			s, ok := v.(string)
			if !ok || name == "comment" || name == "class" {
				continue
			}
			if b, err := hex.DecodeString(s); err == nil {
				add(b)
			} else {
				add([]byte(s))
			}
		}
	}
}

// refusedWhole checks that an error is of the package and comes with nothing.
func refusedWhole(t *testing.T, v any, err error) {
	t.Helper()
	if wire.ErrorClass(err) == "" {
		t.Fatalf("an error without a class: %v", err)
	}
	if v != nil && !reflect.ValueOf(v).IsZero() {
		t.Fatalf("%+v with error %v", v, err)
	}
}

// sameAgain checks that v encodes to b.
func sameAgain(t *testing.T, v any, b []byte) {
	t.Helper()
	if again, err := wire.Marshal(v); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%x encodes to %x, %v", b, again, err)
	}
}

func FuzzReadFrame(f *testing.F) {
	seed(f, "frames", func(b []byte) {
		f.Add(append([]byte{0, 0, 0, byte(len(b))}, b...))
	})
	f.Add([]byte{0, 4, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		var again []byte
		for {
			rest := r.Len()
			frame, err := wire.ReadFrame(r, wire.MaxFirstFrame)
			if err != nil {
				if frame != nil {
					t.Fatalf("%x with error %v", frame, err)
				}
				break
			}
			if len(frame) > wire.MaxFirstFrame || rest-r.Len() != 4+len(frame) {
				t.Fatalf("%d bytes of %d for a frame of %d", rest-r.Len(), rest, len(frame))
			}
			again = append(again, 0, 0, byte(len(frame)>>8), byte(len(frame)))
			again = append(again, frame...)
		}
		if !bytes.HasPrefix(b, again) {
			t.Fatalf("%x was read as %x", b, again)
		}
	})
}

func FuzzDecodeFrame(f *testing.F) {
	seed(f, "frames", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := wire.DecodeFrame(b)
		switch {
		case err != nil:
			refusedWhole(t, v, err)
		case v != nil:
			sameAgain(t, v, b)
		}
	})
}

func FuzzDecodeHello1(f *testing.F) {
	seed(f, "hello", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := wire.DecodeHello1(b)
		if err != nil {
			refusedWhole(t, h, err)
			return
		}
		sameAgain(t, h, b)
		wire.NewHelloKey(vectorSecret, bob.id(), alice.peer, bob.peer).Tag(h.Nonce, h.Versions)
	})
}

func FuzzDecodeHello2(f *testing.F) {
	seed(f, "hello", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := wire.DecodeHello2(b)
		if err != nil {
			refusedWhole(t, h, err)
			return
		}
		sameAgain(t, h, b)
		if l, err := h.Who.Verify(bob.peer); err != nil {
			refusedWhole(t, l, err)
		}
	})
}

func FuzzDecodeHello3(f *testing.F) {
	seed(f, "hello", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := wire.DecodeHello3(b)
		if err != nil {
			refusedWhole(t, h, err)
			return
		}
		sameAgain(t, h, b)
		if l, err := h.Who.Verify(alice.peer); err != nil {
			refusedWhole(t, l, err)
		}
	})
}

// FuzzParseDeviceList signs what it gets as well: the fuzzer cannot.
func FuzzParseDeviceList(f *testing.F) {
	seed(f, "devicelist", func(b []byte) {
		f.Add(b)
		var s wire.SignedList
		if wire.Unmarshal(b, &s) == nil {
			f.Add(s.Body)
		}
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(b []byte) {
			l, err := wire.ParseDeviceList(b)
			if err != nil {
				refusedWhole(t, l, err)
				return
			}
			var s wire.SignedList
			if err := wire.Unmarshal(b, &s); err != nil {
				t.Fatal(err)
			}
			sameAgain(t, s, b)
			sameAgain(t, l, s.Body)
		}
		check(b)
		check(signBody(b))
	})
}

func FuzzParseAccount(f *testing.F) {
	seed(f, "address", func(b []byte) { f.Add(string(b)) })
	f.Fuzz(func(t *testing.T, s string) {
		a, err := wire.ParseAccount(s)
		if err != nil {
			refusedWhole(t, a, err)
			return
		}
		if a.String() != strings.ToLower(s) {
			t.Fatalf("%q prints as %s", s, a)
		}
	})
}

func FuzzParseLink(f *testing.F) {
	seed(f, "link", func(b []byte) { f.Add(string(b)) })
	f.Fuzz(func(t *testing.T, s string) {
		l, err := wire.ParseLink(s)
		if err != nil {
			refusedWhole(t, l, err)
			return
		}
		canonical := l.String()
		again, err := wire.ParseLink(canonical)
		if err != nil || !reflect.DeepEqual(again, l) || again.String() != canonical {
			t.Fatalf("%q prints as %q, which is %+v, %v", s, canonical, again, err)
		}
		if l.Name != "" && wire.CheckName(l.Name) != nil || len(l.Addrs) > wire.MaxLinkAddrs || len(canonical) > wire.MaxLink {
			t.Fatalf("%q is %+v", s, l)
		}
	})
}

func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"Anna", "👩\u200d💻", "1\ufe0f\u20e3", alice.id().String(), strings.Repeat("a", 52) + "\n\n\n\n", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := wire.CheckName(s)
		if err != nil {
			refusedWhole(t, nil, err)
			return
		}
		if strings.ContainsAny(s, "\x00\x1b\n\u202a\u202e\u2066\u200b\u2028\u3164") || !utf8.ValidString(s) || strings.TrimSpace(s) != s {
			t.Fatalf("%q is a name", s)
		}
	})
}
