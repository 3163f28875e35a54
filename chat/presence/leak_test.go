package presence_test

import (
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// Who comes the moment after I have become invisible does not see me, however
// often I changed my mind before.
func TestInvisibleToWhoComes(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		ann.host.Network().ClosePeer(ben.host.ID())
		settle()
		for range 8 {
			for _, m := range []chat.Mood{chat.MoodBusy, chat.MoodAvailable} {
				if err := ann.chat.SetStatus(chat.Status{Mood: m}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Millisecond)
			}
		}
		if err := ann.chat.SetStatus(chat.Status{Mood: chat.MoodInvisible}); err != nil {
			t.Fatal(err)
		}
		ben.dial(ann)
		for range 20 {
			settle()
			if got := ben.sees(ann); got != (chat.Presence{}) {
				t.Fatalf("ben sees %v", got)
			}
		}
	})
}

// recorder is a courier that keeps the records that come.
type recorder struct {
	link.Courier
	mu      sync.Mutex
	records [][]byte
}

func (r *recorder) Take(c *link.Contact, frame any) error {
	if f, ok := frame.(*wire.PresenceFrame); ok {
		r.mu.Lock()
		r.records = append(r.records, f.Record)
		r.mu.Unlock()
	}
	return r.Courier.Take(c, frame)
}

// Once somebody was removed nothing is said under the secret that they know, not
// even to who comes back before the next beat.
func TestNothingUnderAnOldSecret(t *testing.T) {
	virtually(t, func(w *world) {
		ann, cem := w.person(), w.person()
		var heard recorder
		w.wrap = func(c link.Courier) link.Courier { heard.Courier = c; return &heard }
		ben := w.person()
		w.wrap = nil
		befriend(ann, ben)
		befriend(ann, cem)
		time.Sleep(2 * time.Minute)
		views, err := cem.chat.Views()
		if err != nil {
			t.Fatal(err)
		}
		old := views[ann.account()].Epoch
		if _, _, err := ann.chat.Remove(cem.account()); err != nil {
			t.Fatal(err)
		}
		settle()
		heard.mu.Lock()
		heard.records = nil
		heard.mu.Unlock()
		ann.host.Network().ClosePeer(ben.host.ID())
		settle()
		ben.dial(ann)
		settle()
		heard.mu.Lock()
		defer heard.mu.Unlock()
		if len(heard.records) == 0 {
			t.Fatal("nothing was told at once")
		}
		for _, r := range heard.records {
			if _, p, err := wire.ParsePresence(ann.account(), r); err != nil || p.Epoch <= old {
				t.Errorf("a record of epoch %d, the old one is %d, %v", p.Epoch, old, err)
			}
		}
	})
}

// Who sees no more than whether somebody is there does not see them type.
func TestTypingInThePlainView(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		if err := ann.chat.SetGrade(ben.account(), chat.GradePlain); err != nil {
			t.Fatal(err)
		}
		settle()
		ann.presence.Typing(ben.account(), true)
		settle()
		if c, err := ben.chat.Contact(ann.account()); err != nil || c.Typing {
			t.Errorf("it shows: %v, %v", c.Typing, err)
		}
	})
}
