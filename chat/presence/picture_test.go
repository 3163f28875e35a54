package presence_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// portrait is a small PNG file.
func portrait(t *testing.T, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	img.SetGray(1, 1, color.Gray{shade})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (p *person) picture(of *person) []byte {
	p.w.Helper()
	file, err := p.chat.Picture(of.account())
	if err != nil {
		p.w.Fatal(err)
	}
	return file
}

func (p *person) paint(file []byte) {
	p.w.Helper()
	if err := p.chat.SetProfile(chat.ProfileChange{Avatar: &file}); err != nil {
		p.w.Fatal(err)
	}
}

// A picture comes at once to who is linked, later to who was away and, if it
// changes often, the last one comes; one that was dropped is dropped.
func TestPicture(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem := w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ann, cem)
		w.part(ann, cem)
		about := "plays chess"
		if err := ann.chat.SetProfile(chat.ProfileChange{About: &about}); err != nil {
			t.Fatal(err)
		}
		ann.paint(portrait(t, 1))
		settle()
		if !bytes.Equal(ben.picture(ann), ann.picture(ann)) {
			t.Fatal("it did not come")
		}
		p, err := ben.chat.ProfileOf(ann.account())
		if err != nil || !p.Here || p.About != about {
			t.Errorf("%+v, %v", p, err)
		}
		if len(cem.picture(ann)) > 0 {
			t.Fatal("it came without a link")
		}
		for shade := range uint8(10) {
			ann.paint(portrait(t, 10+shade))
			settle()
		}
		time.Sleep(3 * time.Minute)
		if !bytes.Equal(ben.picture(ann), ann.picture(ann)) {
			t.Error("the last one did not come")
		}
		w.net.Part(ann.ip, cem.ip, false)
		cem.dial(ann)
		settle()
		if !bytes.Equal(cem.picture(ann), ann.picture(ann)) {
			t.Error("who was away does not get it")
		}
		ann.paint(nil)
		settle()
		if len(ben.picture(ann)) > 0 {
			t.Error("a picture is there that ann has no more")
		}
	})
}

// generous is a courier that hands out a picture whenever it is asked.
type generous struct {
	link.Courier
	file func(hash [32]byte) []byte
}

func (g *generous) Take(c *link.Contact, frame any) error {
	if f, ok := frame.(*wire.AskPicture); ok {
		c.Send(wire.Picture{Type: wire.FramePicture, Hash: f.Hash, File: g.file(f.Hash)})
		return nil
	}
	return g.Courier.Take(c, frame)
}

// Of a contact that changes its picture without end few are fetched, and the last
// one comes.
func TestManyPictures(t *testing.T) {
	virtually(t, func(w *world) {
		var hostile *generous
		w.wrap = func(c link.Courier) link.Courier { hostile = &generous{Courier: c}; return hostile }
		ann := w.person()
		w.wrap = nil
		hostile.file = func(hash [32]byte) []byte {
			file, _ := ann.chat.MyPicture(hash)
			return file
		}
		ben := w.person()
		befriend(ann, ben)
		var last []byte
		came := 0
		for i := range 50 {
			ann.paint(portrait(t, uint8(i)))
			settle()
			if now := ben.picture(ann); len(now) > 0 && !bytes.Equal(now, last) {
				last = now
				came++
			}
			time.Sleep(time.Second)
		}
		if came > 6 {
			t.Errorf("%d of 50 pictures were fetched", came)
		}
		time.Sleep(5 * time.Minute)
		if !bytes.Equal(ben.picture(ann), ann.picture(ann)) {
			t.Error("the last one did not come")
		}
	})
}
