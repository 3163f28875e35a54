package wire_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/truce-im/truce/chat/wire"
)

func isZero(c wire.Content) bool { return reflect.ValueOf(c).IsZero() }

// FuzzDecodeContent checks that what is accepted encodes to the same bytes, is
// deterministic CBOR to a library as well and can be shown, and that nothing
// comes with an error.
func FuzzDecodeContent(f *testing.F) {
	for _, tt := range contents {
		b, err := tt.content.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, tt := range refused {
		b, err := hex.DecodeString(strings.ReplaceAll(tt.content, " ", ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := wire.DecodeContent(b)
		if err != nil {
			if !isZero(c) || wire.ErrorClass(err) == "" {
				t.Fatalf("%+v with error %v", c, err)
			}
			return
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x encodes to %x, %v", b, again, err)
		}
		var v any
		if err := wire.Unmarshal(b, &v); err != nil {
			t.Fatalf("%x is not CBOR: %v", b, err)
		}
		checkShown(t, c)
	})
}

// checkShown checks what a program shows of a message.
func checkShown(t *testing.T, c wire.Content) {
	text, ok := c.Text()
	if !utf8.ValidString(text) || len(text) > wire.MaxContent || !ok && text != "" {
		t.Errorf("text of %d bytes, %t", len(text), ok)
	}
	emojis := c.Emojis()
	for _, emoji := range emojis {
		if err := wire.CheckEmoji(emoji); err != nil {
			t.Error(err)
		}
	}
	switch kind := c.Kind(); kind {
	case wire.ContentText:
		if !ok {
			t.Error("a text without text")
		}
	case wire.ContentReaction:
		if len(emojis) == 0 || c.InReplyTo == nil {
			t.Error("a reaction without emoji or target")
		}
	case wire.ContentEdit, wire.ContentDelete, wire.ContentUnreaction:
		if c.Replaces == nil {
			t.Errorf("%v of nothing", kind)
		}
	}
}
