package presence_test

import (
	"context"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/presence"
	"github.com/truce-im/truce/chat/wire"
)

// A stranger is told of no topic, a contact who has nobody in common with us of
// none, one who has one person in common, with whom there is no link, of exactly
// that one's.
func TestTaps(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem, dot, eve := w.person(), w.person(), w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ann, cem)
		befriend(ann, dot)
		befriend(cem, dot) // ben has nobody in common with ann
		taps := map[string]*tap{}
		for name, p := range map[string]*person{"ben": ben, "cem": cem, "eve": eve} {
			taps[name] = tapped(p.host)
		}
		if err := eve.host.Connect(context.Background(), peer.AddrInfo{ID: ann.host.ID(), Addrs: ann.host.Addrs()}); err != nil {
			t.Fatal(err)
		}
		if s, err := eve.host.NewStream(context.Background(), ann.host.ID(), presence.Protocol); err == nil {
			s.Write([]byte{0})
			if _, err := s.Read(make([]byte, 1)); err == nil {
				t.Error("a stranger is answered")
			}
		}
		time.Sleep(2 * time.Minute)
		for name, p := range taps {
			if n := p.named(); n > 0 {
				t.Errorf("where all are linked %s is told of %d topics", name, n)
			}
		}
		w.part(cem, dot) // from now on cem needs to hear of dot, and so does dot
		time.Sleep(2 * time.Minute)
		dot.say(chat.MoodBusy, "secret text")
		for name, want := range map[string]int{"ben": 0, "cem": 1, "eve": 0} {
			if n := taps[name].named(); n != want {
				t.Errorf("%s is told of %d topics, not %d", name, n, want)
			}
		}
		if len(taps["cem"].messages) == 0 {
			t.Error("nothing was passed on")
		}
	})
}

// The newest state is told at once to a new session and on a change, and past a
// missing link within a second of the change.
func TestPassedOn(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem := w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ben, cem)
		befriend(ann, cem)
		w.part(ann, cem)
		if got := cem.sees(ann).State; got != wire.PresenceOffline {
			t.Errorf("without a link she is %d", got)
		}
		time.Sleep(90 * time.Second)
		if got := cem.sees(ann).State; got != wire.PresenceAvailable {
			t.Errorf("after a beat she is %d", got)
		}
		ann.say(chat.MoodAway, "at lunch")
		if got := cem.sees(ann); got.State != wire.PresenceAway || got.Text != "at lunch" {
			t.Errorf("she is %v", got)
		}
		ann.say(chat.MoodInvisible, "at lunch")
		if got := cem.sees(ann); got != (chat.Presence{}) {
			t.Errorf("invisible she is %v", got)
		}
		time.Sleep(10 * time.Minute)
		if got := cem.sees(ann); got != (chat.Presence{}) {
			t.Errorf("invisible for long she is %v", got)
		}
		ann.say(chat.MoodAvailable, "")
		if got := cem.sees(ann).State; got != wire.PresenceAvailable {
			t.Errorf("back she is %d", got)
		}
		ann.stop()
		settle()
		if got := cem.sees(ann).State; got != wire.PresenceOffline {
			t.Errorf("after her goodbye she is %d", got)
		}
	})
}

// Without a goodbye, and without a link that ends, somebody is offline after two
// beats and a half.
func TestWithoutGoodbye(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem := w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ben, cem)
		befriend(ann, cem)
		w.part(ann, cem)
		time.Sleep(90 * time.Second)
		w.net.Cut(ann.ip, true)
		last := time.Now()
		for cem.sees(ann).State != wire.PresenceOffline {
			time.Sleep(time.Second)
			if time.Since(last) > 160*time.Second {
				t.Fatal("she is still there")
			}
		}
	})
}

// Who was removed can read nothing that is said from then on, though he still
// hears it: the secret is another one.
func TestRemovedReadsNothing(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem := w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ben, cem)
		befriend(ann, cem)
		old, err := cem.chat.Views()
		if err != nil {
			t.Fatal(err)
		}
		known := old[ann.account()]
		if _, err := known.Secret.Open(known.Secret.Seal(make([]byte, 160))); err != nil || known.Epoch == 0 {
			t.Fatal("cem holds no secret of hers")
		}
		if _, _, err := ann.chat.Remove(cem.account()); err != nil {
			t.Fatal(err)
		}
		settle()
		now, err := ben.chat.Views()
		if err != nil {
			t.Fatal(err)
		}
		if v := now[ann.account()]; v.Epoch <= known.Epoch || v.Secret == known.Secret {
			t.Errorf("after the removal the secret is the same, of %d", v.Epoch)
		}
		a, err := ann.chat.Announce(false)
		if err != nil || a.Full.Epoch <= known.Epoch {
			t.Errorf("a record is of epoch %d, %v", a.Full.Epoch, err)
		}
	})
}

// Each contact sees as much as it is shown, and from the moment on when that
// changes.
func TestGrades(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		ann.say(chat.MoodBusy, "text")
		for _, x := range []struct {
			grade chat.Grade
			want  chat.Presence
		}{
			{chat.GradeFull, chat.Presence{State: wire.PresenceBusy, Text: "text"}},
			{chat.GradePlain, chat.Presence{State: wire.PresenceAvailable}},
			{chat.GradeNone, chat.Presence{}},
			{chat.GradePlain, chat.Presence{State: wire.PresenceAvailable}},
			{chat.GradeNone, chat.Presence{}},
			{chat.GradeFull, chat.Presence{State: wire.PresenceBusy, Text: "text"}},
		} {
			if err := ann.chat.SetGrade(ben.account(), x.grade); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Second) // six changes at once, then one in five seconds
			if got := ben.sees(ann); got != x.want {
				t.Errorf("of grade %d he sees %v, not %v", x.grade, got, x.want)
			}
		}
	})
}

// Typing shows until it is over, stopped, or the link ends.
func TestTyping(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		typing := func() bool {
			c, err := ben.chat.Contact(ann.account())
			if err != nil {
				t.Fatal(err)
			}
			return c.Typing
		}
		ann.presence.Typing(ben.account(), true)
		settle()
		if !typing() {
			t.Error("it does not show")
		}
		time.Sleep(10 * time.Second)
		if typing() {
			t.Error("it shows for ever")
		}
		ann.presence.Typing(ben.account(), true)
		settle()
		ann.presence.Typing(ben.account(), false)
		settle()
		if typing() {
			t.Error("it shows after the end")
		}
		ann.presence.Typing(ben.account(), true)
		settle()
		ann.host.Network().ClosePeer(ben.host.ID())
		settle()
		if typing() {
			t.Error("it shows without a link")
		}
	})
}

// Nobody who is no contact may speak gossip with us.
func TestStrangersGossip(t *testing.T) {
	virtually(t, func(w *world) {
		ann, eve := w.person(), w.person()
		if err := eve.host.Connect(context.Background(), peer.AddrInfo{ID: ann.host.ID(), Addrs: ann.host.Addrs()}); err != nil {
			t.Fatal(err)
		}
		s, err := eve.host.NewStream(network.WithNoDial(context.Background(), "test"), ann.host.ID(), presence.Protocol)
		if err != nil {
			return
		}
		s.Write([]byte{2, 0x0a, 0})
		if n, err := s.Read(make([]byte, 1)); err == nil {
			t.Errorf("%d bytes of answer", n)
		}
	})
}
