package wire_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// TestEveryFrameHasVectors takes the frame types from the code: each has a
// valid vector, an invalid one, and, but for the reserved one, a place in a
// transcript.
func TestEveryFrameHasVectors(t *testing.T) {
	valid, invalid, told := map[wire.FrameType]bool{}, map[wire.FrameType]bool{}, map[wire.FrameType]bool{}
	for _, v := range readVectors[frameVector](t, "testdata/frames/valid") {
		if v.Known || v.Type == wire.FrameSignal {
			valid[v.Type] = true
		}
	}
	for _, v := range readVectors[helloVector](t, "testdata/hello/valid") {
		count(t, valid, v.Frame1, v.Frame2, v.Frame3)
	}
	for _, dir := range []string{"testdata/frames/invalid", "testdata/hello/invalid-frames"} {
		for _, v := range readVectors[invalidHex](t, dir) {
			count(t, invalid, v.Input)
		}
	}
	for _, x := range readVectors[transcript](t, "testdata/transcript/valid") {
		for _, f := range x.frames(t) {
			count(t, told, toHex(f))
		}
	}
	names := frameTypes(t)
	for i, name := range names {
		kind := wire.FrameType(i + 1)
		if !valid[kind] {
			t.Errorf("no valid vector of %s, type %d", name, kind)
		}
		if !invalid[kind] {
			t.Errorf("no invalid vector of %s, type %d", name, kind)
		}
		if !told[kind] && kind != wire.FrameSignal {
			t.Errorf("%s, type %d, is in no transcript", name, kind)
		}
	}
	if last := wire.FrameType(len(names)); last < wire.FrameSignal {
		t.Errorf("%d types were found", last)
	}
}

// count notes the types of frames that have one.
func count(t *testing.T, types map[wire.FrameType]bool, frames ...string) {
	t.Helper()
	for _, f := range frames {
		if kind, err := wire.TypeOf(unhex(t, f)); err == nil {
			types[kind] = true
		}
	}
}

func readVectors[V any](t *testing.T, dir string) (list []V) {
	t.Helper()
	for _, file := range vectorFiles(t, dir) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v V
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, v)
	}
	return list
}

// frameTypes are the names of the constants that count up from FrameHello1, 1.
func frameTypes(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "frame.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Frame") {
			names = append(names, spec.Names[0].Name)
		}
		return true
	})
	return names
}

// TestInvalidHelloFrames has frames of a hello that are refused before any
// proof is looked at.
func TestInvalidHelloFrames(t *testing.T) {
	v := goodHello().make("")
	cut := func(frame string, n int) string { return frame[:len(frame)-2*n] }
	// first is a first frame with these versions and tags.
	first := func(versions, tags string) string { return "84 01" + versions + "5820" + hex32(filled(0xd1)) + tags }
	tag := "5820" + v.Made.Tag
	table := []named[invalidHex]{
		refusal("hello1-cut", "cbor", cut(v.Frame1, 1), "the last byte is not there"),
		refusal("hello1-trailing", "cbor", v.Frame1+"00", "one byte after it"),
		refusal("hello1-fields", "cbor", "83"+cut(v.Frame1, 35)[2:], "no tags"),
		refusal("hello1-no-tags", "hello", first("81 01", "80"), "an empty list of tags"),
		refusal("hello1-no-versions", "hello", first("80", "81"+tag), "an empty list of versions"),
		refusal("hello1-version-wide", "cbor", first("81 1a 00010000", "81"+tag), "version 65536"),
		refusal("hello1-version-long", "non-canonical", first("81 18 01", "81"+tag), "version 1 in two bytes"),
		refusal("hello1-tag-short", "non-canonical", first("81 01", "81 581f"+v.Made.Tag[2:]), "a tag of 31 bytes"),
		refusal("hello1-tag-text", "cbor", first("81 01", "81 61 61"), "a tag of text"),

		refusal("hello2-cut", "cbor", cut(v.Frame2, 1), "the last byte is not there"),
		refusal("hello2-trailing", "cbor", v.Frame2+"00", "one byte after it"),
		refusal("hello2-fields", "cbor", "85"+cut(v.Frame2, 34)[2:], "no MAC"),
		refusal("hello2-index-wide", "cbor", strings.Replace(v.Frame2, "86020100", "860201190100", 1), "tag 256"),
		refusal("hello2-index-long", "non-canonical", strings.Replace(v.Frame2, "86020100", "8602011800", 1), "tag 0 in two bytes"),

		refusal("hello3-cut", "cbor", cut(v.Frame3, 1), "the last byte is not there"),
		refusal("hello3-trailing", "cbor", v.Frame3+"00", "one byte after it"),
		refusal("hello3-fields", "cbor", "82"+cut(v.Frame3, 34)[2:], "no MAC"),
		refusal("hello3-mac-short", "non-canonical", cut(v.Frame3, 34)+"581f"+v.Made.MAC3[2:], "a MAC of 31 bytes"),
	}
	runVectors(t, "testdata/hello/invalid-frames", table, func(t *testing.T, v invalidHex) {
		f, err := decodeAny(unhex(t, v.Input))
		wantClass(t, err, v.Class)
		if !reflect.ValueOf(f).IsZero() {
			t.Errorf("an error with %+v", f)
		}
	})
}
