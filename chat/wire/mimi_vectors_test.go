package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

var update = flag.Bool("update", false, "write the vectors in testdata anew")

const (
	validContents   = "testdata/content/valid"
	invalidContents = "testdata/content/invalid"
)

// validContent is a message that decodes to what the other fields say, and
// encodes to the same bytes. Text is null if there is nothing to read.
type validContent struct {
	Comment   string   `json:"comment"`
	Kind      string   `json:"kind"`
	Text      *string  `json:"text"`
	Emojis    []string `json:"emojis,omitempty"`
	Auto      bool     `json:"auto,omitempty"`
	Nudge     bool     `json:"nudge,omitempty"`
	Replaces  string   `json:"replaces,omitempty"`
	InReplyTo string   `json:"in_reply_to,omitempty"`
	Salt      string   `json:"salt"`
	Sender    string   `json:"sender_uri"`
	Room      string   `json:"room_uri"`
	ID        string   `json:"id"`
	Content   string   `json:"content"` // CBOR in hex
}

// invalidContent is refused for the reason that Class names.
type invalidContent struct {
	Comment string `json:"comment"`
	Class   string `json:"class"`
	Content string `json:"content"`
}

// vectorSender and vectorRoom are those of all ids in the vectors.
var (
	vectorSender = wire.Account(bytes.Repeat([]byte{0x11}, 32))
	vectorRoom   = wire.ConvID(bytes.Repeat([]byte{0x22}, 32))
)

func describe(comment string, c wire.Content, encoded []byte) validContent {
	v := validContent{
		Comment: comment,
		Kind:    c.Kind().String(),
		Emojis:  c.Emojis(),
		Auto:    c.Auto(),
		Nudge:   c.Nudge(),
		Salt:    hex.EncodeToString(c.Salt[:]),
		Sender:  wire.SenderURI(vectorSender),
		Room:    wire.RoomURI(vectorRoom),
		ID:      wire.ID(vectorSender, vectorRoom, encoded, c.Salt).String(),
		Content: hex.EncodeToString(encoded),
	}
	if text, ok := c.Text(); ok {
		v.Text = &text
	}
	if c.Replaces != nil {
		v.Replaces = c.Replaces.String()
	}
	if c.InReplyTo != nil {
		v.InReplyTo = c.InReplyTo.String()
	}
	return v
}

func TestValidContent(t *testing.T) {
	for _, tt := range contents {
		encoded, err := tt.content.Encode()
		if err != nil {
			t.Fatal(err)
		}
		writeVector(t, validContents, tt.name, describe(tt.comment, tt.content, encoded))
	}
	forVectors(t, validContents, func(t *testing.T, want validContent) {
		b := unhex(t, want.Content)
		c, err := wire.DecodeContent(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("encodes to %x, %v", again, err)
		}
		if got := describe(want.Comment, c, b); asJSON(t, got) != asJSON(t, want) {
			t.Errorf("got\n%s, want\n%s", asJSON(t, got), asJSON(t, want))
		}
	})
}

// withBody is a message with nothing but a salt and the CBOR of this part.
func withBody(part string) string {
	return "87 50" + strings.Repeat("00", 16) + "f6 40 f6 f6 a0" + part
}

// withExtensions is a message with an empty body.
func withExtensions(m string) string {
	return "87 50" + strings.Repeat("00", 16) + "f6 40 f6 f6" + m + "83016000"
}

// plainBody is the text "x", part by part: disposition, language, form, type
// and content.
const (
	plainType = "7818" + "746578742f706c61696e3b636861727365743d7574662d38"
	plainBody = "85 01 60 01" + plainType + "4178"
)

var refused = []struct {
	name    string
	comment string
	class   string
	content string
}{
	{"empty", "no bytes", "cbor", ""},
	{"cut", "ends inside the content", "cbor", withBody("85 01 60 01" + plainType + "4278")},
	{"cut-head", "ends inside a length", "cbor", withBody("85 01 60 01 79 00")},
	{"reserved", "additional information 28 is reserved", "cbor", withBody("85 1c")},
	{"parts-missing", "declares 1,000 parts and has none", "cbor", withBody("85 01 60 03 02 99 03e8")},
	{"trailing", "one byte after the message", "trailing", withBody(plainBody) + "00"},
	{"two", "two messages", "trailing", withBody(plainBody) + withBody(plainBody)},

	{"not-an-array", "a map in the place of the message", "bad-type", "a0"},
	{"fields", "six fields", "bad-type", "86 50" + strings.Repeat("00", 16) + "f6 40 f6 f6 a0"},
	{"tagged", "a tag before the message", "bad-type", "c6" + withBody(plainBody)},
	{"salt-short", "a salt of 15 bytes", "bad-type", "87 4f" + strings.Repeat("00", 15) + "f6 40 f6 f6 a0" + plainBody},
	{"id-short", "replaces has 31 bytes", "bad-type", "87 50" + strings.Repeat("00", 16) + "58 1f" + strings.Repeat("01", 31) + "40 f6 f6 a0" + plainBody},
	{"id-undefined", "undefined in the place of null", "bad-type", "87 50" + strings.Repeat("00", 16) + "f7 40 f6 f6 a0" + plainBody},
	{"topic-text", "a topic of text", "bad-type", "87 50" + strings.Repeat("00", 16) + "f6 60 f6 f6 a0" + plainBody},
	{"expires-wide", "expires at 2^32", "bad-type", "87 50" + strings.Repeat("00", 16) + "f6 40 82 f4 1b 00000001 00000000 f6 a0" + plainBody},
	{"expires-number", "relative is a number", "bad-type", "87 50" + strings.Repeat("00", 16) + "f6 40 82 00 01 f6 a0" + plainBody},
	{"form-unknown", "a part of form 4", "bad-type", withBody("83 01 60 04")},
	{"form-fields", "an empty part of five fields", "bad-type", withBody("85 01 60 00 60 40")},
	{"disposition-wide", "disposition 256", "bad-type", withBody("83 19 0100 60 00")},
	{"content-text", "content of text", "bad-type", withBody("85 01 60 01" + plainType + "6178")},
	{"one-part", "a multi part with one part", "bad-type", withBody("85 01 60 03 02 81 83016000")},
	{"semantics-unknown", "part semantics 3", "bad-type", withBody("85 01 60 03 03 82 83016000 83016000")},
	{"extensions-array", "extensions in an array", "bad-type", withExtensions("80")},
	{"extension-key", "an extension named by bytes", "bad-type", withExtensions("a1 41 78 00")},
	{"extension-empty-key", "an extension with an empty name", "bad-type", withExtensions("a1 60 00")},
	{"extension-large-key", "an extension numbered 2^53", "bad-type", withExtensions("a1 1b 0020000000000000 00")},
	{"extension-map-key", "a map with a key that is false", "bad-type", withExtensions("a1 20 a1 f4 00")},

	{"long-array", "the length of the message in two bytes", "non-canonical", "98 07" + withBody(plainBody)[2:]},
	{"long-string", "a short content with its length in two bytes", "non-canonical", withBody("85 01 60 01" + plainType + "58 01 78")},
	{"long-number", "a disposition in eight bytes", "non-canonical", withBody("83 1b 0000000000000001 60 00")},
	{"indefinite-array", "parts of indefinite number", "non-canonical", withBody("85 01 60 03 02 9f 83016000 83016000 ff")},
	{"indefinite-string", "content in pieces", "non-canonical", withBody("85 01 60 01" + plainType + "5f 41 78 ff")},
	{"extensions-order", "extensions out of order", "non-canonical", withExtensions("a2 20 00 05 00")},
	{"extension-long", "the value of an extension in two bytes", "non-canonical", withExtensions("a1 05 18 01")},
	{"extension-float", "an extension of 1.5 in eight bytes", "non-canonical", withExtensions("a1 05 fb 3ff8000000000000")},
	{"extension-twice", "one extension twice", "cbor", withExtensions("a2 05 00 05 01")},
	{"extension-tag", "an extension with a tag", "cbor", withExtensions("a1 05 c1 00")},
	{"extension-cut", "extensions that declare more than there is", "cbor", withExtensions("bb 00000000ffffffff 05 00")},

	{"text-utf8", "a text that is not UTF-8", "bad-utf8", withBody("85 01 60 01" + plainType + "41ff")},
	{"type-utf8", "a media type that is not UTF-8", "bad-utf8", withBody("85 01 60 01 61ff 4178")},
	{"language-utf8", "a surrogate in the language", "bad-utf8", withBody("83 01 63 eda080 00")},

	{"text-long", "a text that declares 64 KiB and a byte", "too-large", withBody("85 01 60 01" + plainType + "5a 00010001")},
	{"content-long", "content that declares 2^63 bytes", "too-large", withBody("85 01 60 01 60 5b 8000000000000000")},
	{"topic-long", "a topic that declares 4,097 bytes", "too-large", "87 50" + strings.Repeat("00", 16) + "f6 59 1001"},
	{"extensions-long", "extensions of 4,096 bytes", "too-large", withExtensions("a1 05 59 0ffb" + strings.Repeat("00", 4091))},
	{"parts-many", "declares 1,024 parts inside the body", "too-many", withBody("85 01 60 03 02 99 0400")},
	{"parts-wide", "declares 2^64-1 parts", "too-many", withBody("85 01 60 03 02 9b ffffffffffffffff")},
	{"extensions-many", "17 extensions", "too-many", withExtensions("b1" + strings.Join(seventeenKeys(), "00") + "00")},
	{"parts-deep", "parts at level 5", "too-deep", withBody(strings.Repeat("85 01 60 03 02 82 83016000", 4) + "83016000")},
	{"extension-deep", "an array at level 5", "too-deep", withExtensions("a1 05 81 81 81 80")},
	{"sender", "the content names its sender", "sender", withExtensions("a1 01 61 61")},
	{"room", "the content names its room", "sender", withExtensions("a1 02 61 61")},
}

func seventeenKeys() (keys []string) {
	for key := range byte(17) {
		keys = append(keys, hex.EncodeToString([]byte{0x20 + key}))
	}
	return keys
}

func TestInvalidContent(t *testing.T) {
	for _, tt := range refused {
		writeVector(t, invalidContents, tt.name, invalidContent{tt.comment, tt.class, strings.ReplaceAll(tt.content, " ", "")})
	}
	forVectors(t, invalidContents, func(t *testing.T, v invalidContent) {
		c, err := wire.DecodeContent(unhex(t, v.Content))
		if wire.ErrorClass(err) != v.Class {
			t.Errorf("error %v of class %q, want class %q", err, wire.ErrorClass(err), v.Class)
		}
		if !isZero(c) {
			t.Errorf("not the zero content: %+v", c)
		}
	})
}

// TestVectorsAreWhole finds vectors that no table makes, and tables whose
// vectors were not written.
func TestVectorsAreWhole(t *testing.T) {
	var want, got []string
	for _, tt := range contents {
		want = append(want, filepath.Join(validContents, tt.name+".json"))
	}
	for _, tt := range refused {
		want = append(want, filepath.Join(invalidContents, tt.name+".json"))
	}
	for _, dir := range []string{validContents, invalidContents} {
		got = append(got, vectorFiles(t, dir)...)
	}
	slices.Sort(want)
	slices.Sort(got)
	for i := range want {
		want[i] = filepath.ToSlash(want[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("files\n%q, want\n%q", got, want)
	}
}

func writeVector(t *testing.T, dir, name string, v any) {
	t.Helper()
	if !*update {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(asJSON(t, v)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func vectorFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors in %s: %v", dir, err)
	}
	for i := range files {
		files[i] = filepath.ToSlash(files[i])
	}
	return files
}

// forVectors runs fn for every vector in dir as a subtest named after its file.
func forVectors[V any](t *testing.T, dir string, fn func(*testing.T, V)) {
	t.Helper()
	for _, file := range vectorFiles(t, dir) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var v V
			d := json.NewDecoder(bytes.NewReader(raw))
			d.DisallowUnknownFields()
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			fn(t, v)
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
