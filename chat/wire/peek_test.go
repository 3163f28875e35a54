package wire_test

import (
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// PeekText never says otherwise than the whole decoder does.
func FuzzPeekText(f *testing.F) {
	id := wire.MessageID{1, 2}
	for _, c := range []wire.Content{
		wire.NewText([16]byte{1}, "hello"), wire.NewReply([16]byte{1}, id, "hello"), wire.NewEdit([16]byte{1}, id, "hello"),
		wire.NewReaction([16]byte{1}, id, "👍"), wire.NewUnreact([16]byte{1}, id, id, "👍"), wire.NewDelete([16]byte{1}, id),
		{Body: wire.Part{Cardinality: wire.MultiPart, Parts: []wire.Part{{}, {}}}},
		{Body: wire.Part{Cardinality: wire.SinglePart, ContentType: wire.TypeMarkdown, Content: []byte("*hello*")}},
		{Body: wire.Part{Cardinality: wire.SinglePart, ContentType: "text/plain", Content: []byte("hello")}},
		{Topic: []byte("topic"), Expires: &wire.Expires{Seconds: 5}, Body: wire.Part{Disposition: wire.DispositionReaction}},
	} {
		b, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, ok := wire.PeekText(b)
		c, err := wire.DecodeContent(b)
		if !ok || err != nil {
			return
		}
		want, shown := c.Text()
		if k := c.Kind(); !shown || k != wire.ContentText && k != wire.ContentEdit {
			want = ""
		}
		if string(text) != want {
			t.Errorf("it says %q, not %q", text, want)
		}
	})
}

func TestPeekText(t *testing.T) {
	b, err := wire.NewReply([16]byte{1}, wire.MessageID{1}, "hello").Encode()
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := wire.PeekText(b); string(text) != "hello" || !ok {
		t.Errorf("%q, %v", text, ok)
	}
	if n := testing.AllocsPerRun(100, func() { wire.PeekText(b) }); n > 0 {
		t.Errorf("it allocates %v times", n)
	}
	for i := range b {
		if text, ok := wire.PeekText(b[:i]); ok {
			t.Errorf("cut at %d it says %q", i, text)
		}
	}
}
