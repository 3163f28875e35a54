package chat_test

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func pngFile(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func profile(t *testing.T, n *node, of *node) chat.ProfileView {
	t.Helper()
	p, err := n.ProfileOf(of.Account())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSetProfile(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	text := func(s string) *string { return &s }
	file := func(b []byte) *[]byte { return &b }
	for name, tt := range map[string]struct {
		change chat.ProfileChange
		code   chat.Code
	}{
		"no name":       {chat.ProfileChange{Name: text("")}, chat.CodeUsage},
		"long name":     {chat.ProfileChange{Name: text(strings.Repeat("x", wire.MaxName+1))}, chat.CodeRefused},
		"long about":    {chat.ProfileChange{About: text(strings.Repeat("x", wire.MaxAbout+1))}, chat.CodeRefused},
		"no UTF-8":      {chat.ProfileChange{About: text("\xff")}, chat.CodeUsage},
		"no picture":    {chat.ProfileChange{Name: text("New"), Avatar: file([]byte("GIF89a"))}, chat.CodeUsage},
		"large picture": {chat.ProfileChange{Name: text("New"), Avatar: file(pngFile(t, 1025))}, chat.CodeRefused},
		"long picture":  {chat.ProfileChange{Name: text("New"), Avatar: file(make([]byte, wire.MaxAvatar+1))}, chat.CodeRefused},
	} {
		before := ann.Cursor()
		err := ann.SetProfile(tt.change)
		wantCode(t, err, tt.code)
		if ann.Cursor() != before || ann.Name() != "Ann" {
			t.Errorf("%s: something has changed", name)
		}
	}
	if err := ann.SetProfile(chat.ProfileChange{About: text("chess"), Avatar: file(pngFile(t, 8))}); err != nil {
		t.Fatal(err)
	}
	if err := ann.SetName("Anna"); err != nil {
		t.Fatal(err)
	}
	if p := profile(t, ann, ann); p.Name != "Anna" || ann.Name() != "Anna" || p.About != "chess" || len(p.Avatar) != sha256.Size || !p.Here {
		t.Errorf("mine is %+v", p)
	}
	_, err := ann.ProfileOf(ben.Account())
	wantCode(t, err, chat.CodeNotFound)
}

// A contact gets a profile by the log, also if it was away for several changes,
// and takes a picture only if it is the one told of.
func TestProfileOfContact(t *testing.T) {
	ann, ben, p := pair(t)
	if got := profile(t, ben, ann); got.Name != "Ann" || got.Avatar != nil || got.Here {
		t.Errorf("before any profile: %+v", got)
	}
	tell := func(change chat.ProfileChange) {
		t.Helper()
		if err := ann.SetProfile(change); err != nil {
			t.Fatal(err)
		}
		if err := ann.Introduce(); err != nil {
			t.Fatal(err)
		}
	}
	for _, about := range []string{"old", "chess"} {
		tell(chat.ProfileChange{About: &about})
	}
	file := pngFile(t, 8)
	tell(chat.ProfileChange{Avatar: &file})
	p.exchange(t)
	got := profile(t, ben, ann)
	if got.About != "chess" || len(got.Avatar) != sha256.Size || got.Here {
		t.Errorf("ben sees %+v", got)
	}
	hash, lacks, err := ben.LacksPicture(ann.Account())
	if err != nil || !lacks {
		t.Fatalf("%v, %v", lacks, err)
	}
	if f, err := ann.MyPicture([32]byte{1}); err != nil || f != nil {
		t.Errorf("a picture of another hash: %d bytes, %v", len(f), err)
	}
	sent, err := ann.MyPicture(hash)
	if err != nil || sha256.Sum256(sent) != hash {
		t.Fatalf("%d bytes, %v", len(sent), err)
	}
	for what, file := range map[string][]byte{"another": pngFile(t, 9), "none": nil} {
		if err := ben.TakePicture(ann.Account(), file); err != nil || profile(t, ben, ann).Here {
			t.Errorf("%s picture was taken: %v", what, err)
		}
	}
	if err := ben.TakePicture(ann.Account(), make([]byte, wire.MaxAvatar+1)); err == nil {
		t.Error("one that is too large is no error")
	}
	if err := ben.TakePicture(ann.Account(), sent); err != nil || !profile(t, ben, ann).Here {
		t.Errorf("it was not taken: %v", err)
	}
	tell(chat.ProfileChange{Avatar: new([]byte)})
	p.exchange(t)
	if f, err := ben.Picture(ann.Account()); err != nil || f != nil || profile(t, ben, ann).Avatar != nil {
		t.Errorf("what ann dropped: %d bytes, %v", len(f), err)
	}
}
