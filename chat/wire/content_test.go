package wire_test

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

var (
	salt   = [16]byte{0: 0x5a, 15: 0xa5}
	target = wire.MessageID{1, 2, 3}
	other  = wire.MessageID{1, 4, 5}
)

func single(d wire.Disposition, contentType, content string) wire.Part {
	return wire.Part{Disposition: d, Cardinality: wire.SinglePart, ContentType: contentType, Content: []byte(content)}
}

func plain(text string) wire.Part { return single(wire.DispositionRender, wire.TypePlain, text) }

func heart() wire.Part { return single(wire.DispositionReaction, wire.TypePlain, "❤") }

func multi(s wire.Semantics, parts ...wire.Part) wire.Part {
	return wire.Part{Disposition: wire.DispositionRender, Cardinality: wire.MultiPart, Semantics: s, Parts: parts}
}

func external(filename, description string) wire.Part {
	return wire.Part{
		Disposition: wire.DispositionAttachment,
		Cardinality: wire.ExternalPart,
		ContentType: "video/mp4",
		External: &wire.External{
			URL: "truce:file", Expires: 1, Size: 1 << 40, EncAlg: 1, Key: []byte("key"), Nonce: []byte("nonce"),
			AAD: []byte("aad"), HashAlg: 1, Hash: []byte("hash"), Description: description, Filename: filename,
		},
	}
}

func body(p wire.Part) wire.Content { return wire.Content{Salt: salt, Body: p} }

// contents has at least one message of every kind and form. Those with a
// vector are what testdata/content/valid holds.
var contents = []struct {
	name    string
	comment string
	content wire.Content
	kind    wire.ContentKind
	text    string
	emojis  []string
}{
	{"text", "plain text", wire.NewText(salt, "Hello, 世界"), wire.ContentText, "Hello, 世界", nil},
	{"reply", "a text that answers another message", wire.NewReply(salt, target, "yes"), wire.ContentText, "yes", nil},
	{"reaction", "one emoji", wire.NewReaction(salt, target, "👍"), wire.ContentReaction, "👍", []string{"👍"}},
	{"unreaction", "takes a reaction back and tells its emoji", wire.NewUnreact(salt, target, other, "👍"), wire.ContentUnreaction, "", []string{"👍"}},
	{"edit", "another text in the place of the first", wire.NewEdit(salt, target, "corrected"), wire.ContentEdit, "corrected", nil},
	{"delete", "takes a message back", wire.NewDelete(salt, target), wire.ContentDelete, "", nil},
	{"auto", "a program answers for a user who is away: extension -6", wire.NewAutoReply(salt, "back at noon"), wire.ContentText, "back at noon", nil},
	{"nudge", "asks for attention: extension -7", wire.NewNudge(salt), wire.ContentText, "👋 nudge", nil},
	{
		"marks-other", "extensions -6 and -7 of another value are none: {-6: 1, -7: false}",
		wire.Content{Salt: salt, Extensions: wire.Extensions("\xa2\x25\x01\x26\xf4"), Body: plain("by hand")}, wire.ContentText, "by hand", nil,
	},
	{"markdown", "Markdown is read as it was written", body(single(wire.DispositionRender, wire.TypeMarkdown, "__so__")), wire.ContentText, "__so__", nil},
	{
		"unreaction-bare", "an unreaction of a program that tells only the id",
		wire.Content{Salt: salt, Replaces: &other, InReplyTo: &target, Body: wire.Part{Disposition: wire.DispositionReaction}},
		wire.ContentUnreaction, "", nil,
	},
	{
		"reactions", "several emojis in one message",
		wire.Content{Salt: salt, InReplyTo: &target, Body: wire.Part{
			Disposition: wire.DispositionReaction, Cardinality: wire.MultiPart, Semantics: wire.ProcessAll,
			Parts: []wire.Part{heart(), single(wire.DispositionReaction, wire.TypePlain, "🎉")},
		}},
		wire.ContentReaction, "❤\n🎉", []string{"❤", "🎉"},
	},
	{
		"thread", "topic, language and an expiry after reading",
		wire.Content{
			Salt: salt, Topic: []byte("garden"), Expires: &wire.Expires{Relative: true, Seconds: 3600},
			Body: wire.Part{Language: "de,en", Cardinality: wire.SinglePart, ContentType: wire.TypePlain, Content: []byte("Rosen")},
		},
		wire.ContentText, "Rosen", nil,
	},
	{
		"expires", "expiry at a time",
		wire.Content{Salt: salt, Expires: &wire.Expires{Seconds: 1<<32 - 1}, Body: plain("soon gone")},
		wire.ContentText, "soon gone", nil,
	},
	{
		"extensions", "unknown extensions are kept: {7: [1, {\"a\": h'00'}], -1: -2, \"k\": 1.5}",
		wire.Content{Salt: salt, Extensions: wire.Extensions("\xa3\x07\x82\x01\xa1\x61a\x41\x00\x20\x21\x61k\xf9\x3e\x00"), Body: plain("kept")},
		wire.ContentText, "kept", nil,
	},
	{"attachment", "external content is named", body(external("bigfile.mp4", "two hours")), wire.ContentText, "[bigfile.mp4: two hours]", nil},
	{
		"choose-one", "of alternatives the first text counts",
		body(multi(wire.ChooseOne, single(wire.DispositionRender, "text/html", "<p>"), external("a.ogg", ""), plain("one"), plain("two"))),
		wire.ContentText, "one", nil,
	},
	{
		"single-unit", "the text of a unit is shown without the image",
		body(multi(wire.SingleUnit, plain("look:"), single(wire.DispositionInline, "image/png", "\x89PNG"))),
		wire.ContentText, "look:", nil,
	},
	{
		"process-all", "texts one below the other, at all 4 levels",
		body(multi(wire.ProcessAll, plain("1"), multi(wire.ProcessAll, plain("2"), multi(wire.ChooseOne, plain("3"), plain("4"))), external("f", ""))),
		wire.ContentText, "1\n2\n3\n[f]", nil,
	},
	{"image", "nothing that can be read", body(single(wire.DispositionRender, "image/png", "\x89PNG")), wire.ContentUnknown, "", nil},
	{"disposition", "an unknown disposition counts as render", body(single(200, wire.TypePlain, "shown")), wire.ContentText, "shown", nil},
	{"empty", "null part that replaces nothing", body(wire.Part{}), wire.ContentUnknown, "", nil},
	{"reaction-lost", "a reaction to nothing", body(heart()), wire.ContentUnknown, "❤", []string{"❤"}},
}

func TestContentRoundTrip(t *testing.T) {
	for _, tt := range contents {
		t.Run(tt.name, func(t *testing.T) {
			b, err := tt.content.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := wire.DecodeContent(b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.content) {
				t.Errorf("decoded\n%+v, want\n%+v", got, tt.content)
			}
			if got.Kind() != tt.kind {
				t.Errorf("kind %v, want %v", got.Kind(), tt.kind)
			}
			text, ok := got.Text()
			if text != tt.text || ok != (tt.text != "") {
				t.Errorf("text %q, %t; want %q", text, ok, tt.text)
			}
			if !slices.Equal(got.Emojis(), tt.emojis) {
				t.Errorf("emojis %q, want %q", got.Emojis(), tt.emojis)
			}
		})
	}
}

// TestContentIsCBOR compares our encoder with a CBOR library's.
func TestContentIsCBOR(t *testing.T) {
	for _, tt := range contents {
		b, err := tt.content.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := wire.Unmarshal(b, &v); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestDecodedContentSharesNoMemory(t *testing.T) {
	for _, tt := range contents {
		b, err := tt.content.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.DecodeContent(b)
		if err != nil {
			t.Fatal(err)
		}
		clear(b)
		if !reflect.DeepEqual(got, tt.content) {
			t.Errorf("%s changes with the input", tt.name)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	deep := plain("x")
	for range wire.MaxLevels {
		deep = multi(wire.ProcessAll, plain("x"), deep)
	}
	many := multi(wire.ProcessAll, make([]wire.Part, wire.MaxParts)...)
	manyInside := multi(wire.ProcessAll,
		multi(wire.ProcessAll, make([]wire.Part, wire.MaxParts/2)...),
		multi(wire.ProcessAll, make([]wire.Part, wire.MaxParts/2)...))
	circle := multi(wire.ProcessAll, plain("x"), plain("x"))
	circle.Parts[0] = circle
	field := strings.Repeat("x", wire.MaxField+1)
	ext := func(m map[any]any) wire.Content {
		b, err := wire.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return wire.Content{Extensions: b, Body: plain("x")}
	}
	manyExt := map[any]any{}
	for i := range wire.MaxExtEntries + 1 {
		manyExt[-1-i] = nil
	}

	for _, tt := range []struct {
		name    string
		content wire.Content
		class   string
	}{
		{"text over MaxText", wire.NewText(salt, strings.Repeat("x", wire.MaxText+1)), "too-large"},
		{"text not UTF-8", wire.NewText(salt, "\xff"), "bad-utf8"},
		{"over MaxContent", body(single(0, "image/png", strings.Repeat("x", wire.MaxContent))), "too-large"},
		{"topic over MaxField", wire.Content{Topic: []byte(field), Body: plain("x")}, "too-large"},
		{"filename over MaxField", body(external(field, "")), "too-large"},
		{"over MaxParts", body(many), "too-many"},
		{"over MaxParts in all", body(manyInside), "too-many"},
		{"over MaxLevels", body(deep), "too-deep"},
		{"circle", body(circle), "too-deep"},
		{"one part inside", body(multi(wire.ChooseOne, plain("x"))), "bad-type"},
		{"unknown semantics", body(multi(3, plain("x"), plain("y"))), "bad-type"},
		{"unknown cardinality", body(wire.Part{Cardinality: 4}), "bad-type"},
		{"sender", ext(map[any]any{1: "truce:me"}), "sender"},
		{"room", ext(map[any]any{2: "truce:here"}), "sender"},
		{"too many extensions", ext(manyExt), "too-many"},
		{"extensions over MaxExtensions", ext(map[any]any{-1: make([]byte, wire.MaxExtensions)}), "too-large"},
		{"extension with an empty name", ext(map[any]any{"": 1}), "bad-type"},
		{"extension with a long name", ext(map[any]any{strings.Repeat("x", 256): 1}), "bad-type"},
		{"extension with a large number", ext(map[any]any{uint64(1 << 53): 1}), "bad-type"},
		{"extension with a small number", ext(map[any]any{int64(-1 << 53): 1}), "bad-type"},
		{"extension named true", ext(map[any]any{true: 1}), "bad-type"},
		{"map in an extension with null as a key", ext(map[any]any{5: map[any]any{nil: 1}}), "bad-type"},
		{"extensions over MaxLevels", ext(map[any]any{5: []any{[]any{[]any{[]any{}}}}}), "too-deep"},
		{"two maps as extensions", wire.Content{Extensions: wire.Extensions("\xa1\x20\x20\xa1\x20\x20"), Body: plain("x")}, "bad-type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := tt.content.Encode()
			if b != nil || wire.ErrorClass(err) != tt.class {
				t.Errorf("%d bytes, error %v of class %q, want class %q", len(b), err, wire.ErrorClass(err), tt.class)
			}
		})
	}
}

func TestContentAtItsLimits(t *testing.T) {
	deep := plain("x")
	for range wire.MaxLevels - 1 {
		deep = multi(wire.ProcessAll, plain("x"), deep)
	}
	image := body(single(0, "image/png", ""))
	b, err := image.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const longerHead = 4 // the length of 96 KiB needs this many bytes more
	image.Body.Content = make([]byte, wire.MaxContent-len(b)-longerHead)

	for _, tt := range []struct {
		name    string
		content wire.Content
	}{
		{"MaxText", wire.NewText(salt, strings.Repeat("x", wire.MaxText))},
		{"MaxContent", image},
		{"MaxField", wire.Content{Topic: make([]byte, wire.MaxField), Body: plain("x")}},
		{"MaxParts", body(multi(wire.ProcessAll, make([]wire.Part, wire.MaxParts-1)...))},
		{"MaxLevels", body(deep)},
	} {
		if b, err = tt.content.Encode(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.name == "MaxContent" && len(b) != wire.MaxContent {
			t.Errorf("%d bytes, want %d", len(b), wire.MaxContent)
		}
	}
}

func TestTextOfOtherSpellings(t *testing.T) {
	for _, tt := range []struct {
		contentType, content string
		ok                   bool
	}{
		{"Text/Plain", "x", true},
		{`text/plain; charset="UTF-8"`, "x", true},
		{"text/markdown", "x", true},
		{"text/markdown;variant=CommonMark", "x", true},
		{"text/plain", "", true},
		{"text/plain", "\xff", false},
		{"text/plain", strings.Repeat("x", wire.MaxText+1), false},
		{"text/plain;charset=iso-8859-1", "x", false},
		{"text/html", "x", false},
		{"text/plain;", "x", true},
		{"text/plain;=", "x", false},
		{"", "x", false},
	} {
		if text, ok := body(single(0, tt.contentType, tt.content)).Text(); ok != tt.ok || ok && text != tt.content {
			t.Errorf("%q of %d bytes: %q, %t", tt.contentType, len(tt.content), text, ok)
		}
	}
}

func TestExternalIsNamed(t *testing.T) {
	for _, tt := range []struct{ filename, description, want string }{
		{"a.png", "a rose", "[a.png: a rose]"},
		{"a.png", "", "[a.png]"},
		{"", "a rose", "[a rose]"},
		{"", "", "[video/mp4]"},
	} {
		if got, _ := body(external(tt.filename, tt.description)).Text(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestCheckEmoji(t *testing.T) {
	for _, s := range []string{"👍", "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏿", "🏴\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F", "1️⃣", "+1"} {
		if err := wire.CheckEmoji(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", " ", "a b", "\n", "\u202e", "\xff", "\u0085", strings.Repeat("x", wire.MaxEmoji+1)} {
		if err := wire.CheckEmoji(s); wire.ErrorClass(err) != "emoji" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestReactionIsBounded(t *testing.T) {
	for n, want := range map[int]int{2: 2, wire.MaxEmojis: wire.MaxEmojis, wire.MaxEmojis + 1: 0} {
		c := wire.Content{InReplyTo: &target, Body: multi(wire.ProcessAll, slices.Repeat([]wire.Part{heart()}, n)...)}
		c.Body.Disposition = wire.DispositionReaction
		if got := len(c.Emojis()); got != want || (c.Kind() == wire.ContentReaction) != (want > 0) {
			t.Errorf("%d reactions: %d, %v", n, got, c.Kind())
		}
	}
}

func TestMessageID(t *testing.T) {
	b, err := wire.NewText(salt, "hi").Encode()
	if err != nil {
		t.Fatal(err)
	}
	account, conv := wire.Account{1}, wire.ConvID{2}
	id := wire.ID(account, conv, b, salt)
	sender, room := "truce:"+account.String(), "truce:02"+strings.Repeat("00", 31)
	sum := sha256.Sum256([]byte("\x00\x3e" + sender + "\x00\x46" + room + string(b) + string(salt[:])))
	if want := append([]byte{1}, sum[:31]...); !bytes.Equal(id[:], want) {
		t.Errorf("id %v, want %x", id, want)
	}
	for what, again := range map[string]wire.MessageID{
		"sender":  wire.ID(wire.Account{3}, conv, b, salt),
		"room":    wire.ID(account, wire.ConvID{3}, b, salt),
		"message": wire.ID(account, conv, append(bytes.Clone(b), 0), salt),
		"salt":    wire.ID(account, conv, b, [16]byte{}),
	} {
		if again == id {
			t.Errorf("the id does not depend on the %s", what)
		}
	}
	if got := wire.SenderURI(account); got != sender {
		t.Error(got)
	}
	if got := wire.RoomURI(conv); got != room {
		t.Error(got)
	}
}

func BenchmarkContent(b *testing.B) {
	c := wire.NewReply(salt, target, "See you at eight, then.")
	encoded, err := c.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wire.DecodeContent(encoded); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("id", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			wire.ID(wire.Account{}, wire.ConvID{}, encoded, salt)
		}
	})
}
