package presence_test

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// rogue is a courier that does not answer questions for pictures, and lets the
// test say what it likes.
type rogue struct {
	link.Courier
	mu    sync.Mutex
	with  *link.Contact // the last session
	ups   int
	asked int
	got   []*wire.Picture
}

func (r *rogue) Up(c *link.Contact) {
	r.mu.Lock()
	r.with = c
	r.ups++
	r.mu.Unlock()
	r.Courier.Up(c)
}

func (r *rogue) Take(c *link.Contact, frame any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch f := frame.(type) {
	case *wire.AskPicture:
		r.asked++
		return nil
	case *wire.Picture:
		r.got = append(r.got, f)
		return nil
	}
	return r.Courier.Take(c, frame)
}

// say sends a frame on the newest session, and lets it have its effect.
func (r *rogue) say(f any) {
	r.mu.Lock()
	with := r.with
	r.mu.Unlock()
	with.Send(f)
	settle()
}

func (r *rogue) counts() (ups, asked, got int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ups, r.asked, len(r.got)
}

// A contact whose program does not keep to the protocol cannot have a picture
// taken that it did not tell of, and gets mine no more often than is good.
func TestHostilePictures(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.person()
		var r *rogue
		w.wrap = func(c link.Courier) link.Courier { r = &rogue{Courier: c}; return r }
		eve := w.person()
		befriend(ann, eve)

		file := portrait(t, 1)
		frame := wire.Picture{Type: wire.FramePicture, Hash: sha256.Sum256(file), File: file}
		r.say(frame)
		if len(ann.picture(eve)) > 0 {
			t.Error("a picture is taken that nobody asked for")
		}
		eve.paint(portrait(t, 2))
		settle()
		hash, lacks, err := ann.chat.LacksPicture(eve.account())
		if _, asked, _ := r.counts(); err != nil || !lacks || asked != 1 {
			t.Fatalf("%v, %v, asked %d times", lacks, err, asked)
		}
		eve.paint(portrait(t, 3))
		settle()
		if _, asked, _ := r.counts(); asked != 1 {
			t.Errorf("%d questions are under way", asked)
		}
		r.say(frame)
		if ups, _, _ := r.counts(); ups != 1 || len(ann.picture(eve)) > 0 {
			t.Errorf("an answer to no question: %d sessions", ups)
		}
		r.say(wire.Picture{Type: wire.FramePicture, Hash: hash, File: file})
		if len(ann.picture(eve)) > 0 {
			t.Error("a picture is taken that has another hash")
		}
		for _, s := range ann.links.Sessions() {
			if s.Account == eve.account() {
				t.Error("the session goes on after a lie")
			}
		}

		ann.paint(portrait(t, 4))
		eve.dial(ann)
		settle()
		mine := sha256.Sum256(ann.picture(ann))
		for range 20 {
			r.say(wire.AskPicture{Type: wire.FrameAskPicture, Hash: mine})
		}
		if _, _, got := r.counts(); got != 1 {
			t.Errorf("in 20 s a picture was handed out %d times", got)
		}
		time.Sleep(time.Minute)
		unknown := [32]byte{1}
		r.say(wire.AskPicture{Type: wire.FrameAskPicture, Hash: unknown})
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, f := range r.got { // her node has asked for the other again
			if f.Hash == unknown && len(f.File) > 0 {
				t.Error("ann has a picture that is not hers")
			}
		}
	})
}
