package chat_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/chat"
)

const noon = "back at noon"

// machine makes n somebody for whom noon answers.
func (n *node) machine(t testing.TB, mood chat.Mood) {
	t.Helper()
	if err := n.SetSetting(chat.AutoReply, noon); err != nil {
		t.Fatal(err)
	}
	n.mood(t, mood)
}

func (n *node) mood(t testing.TB, m chat.Mood) {
	t.Helper()
	if err := n.SetStatus(chat.Status{Mood: m}); err != nil {
		t.Fatal(err)
	}
}

// answer lets n answer those who wrote, in virtual time.
func (n *node) answer(t testing.TB) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { n.AnswerCallers(ctx) })
	synctest.Wait()
	cancel()
	wg.Wait()
}

// autos are the answers that the program of either wrote to the other.
func (n *node) autos(t testing.TB, other *node) (list []chat.Message) {
	t.Helper()
	all, err := n.History(other.Account(), chat.HistoryOptions{N: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Auto {
			list = append(list, m)
		}
	}
	return list
}

// asks lets ann write to ben, and reports whether his program answers.
func asks(t *testing.T, p *pipe, ann, ben *node) bool {
	t.Helper()
	before := len(ann.autos(t, ben))
	ann.send(t, ben, "lunch?")
	p.exchange(t)
	ben.answer(t)
	p.exchange(t)
	list := ann.autos(t, ben)
	for _, m := range list {
		if m.Out || m.Text != noon || m.Nudge {
			t.Errorf("an answer is %+v", m)
		}
	}
	return len(list) > before
}

func TestAutoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, p := pair(t)
		ben.machine(t, chat.MoodAvailable)
		for i, tt := range []struct {
			mood     chat.Mood
			answered bool
		}{
			{chat.MoodAvailable, false},
			{chat.MoodInvisible, false},
			{chat.MoodAway, true},
			{chat.MoodAway, false}, // the same absence
			{chat.MoodBusy, false},
			{chat.MoodInvisible, false},
			{chat.MoodBusy, false},
			{chat.MoodAvailable, false},
			{chat.MoodBusy, true}, // the next
			{chat.MoodAvailable, false},
		} {
			for _, restart := range []bool{false, true} {
				if restart {
					ben.restart(t)
				}
				ben.mood(t, tt.mood)
				if got, want := asks(t, p, ann, ben), tt.answered && !restart; got != want {
					t.Errorf("%d: while Ben is %s, restarted: %v: answered: %v", i, tt.mood, restart, got)
				}
			}
		}
	})
}

func TestAutoReplyByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, p := pair(t)
		ben.machine(t, chat.MoodAvailable)
		if err := ben.SetSetting(chat.AwayAfter, "1m"); err != nil {
			t.Fatal(err)
		}
		ben.Touched()
		for i := range 2 {
			time.Sleep(59 * time.Second)
			if asks(t, p, ann, ben) {
				t.Errorf("%d: he answers although somebody is there", i)
			}
			time.Sleep(time.Second)
			if !asks(t, p, ann, ben) || asks(t, p, ann, ben) {
				t.Errorf("%d: he does not answer once", i)
			}
			ben.mood(t, chat.MoodAway) // which changes nothing: he was away
			if asks(t, p, ann, ben) {
				t.Errorf("%d: he answers twice", i)
			}
			ben.mood(t, chat.MoodAvailable) // which is activity
		}
		if err := ben.SetSetting(chat.AwayAfter, "0"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if asks(t, p, ann, ben) {
			t.Error("he answers, and is never away")
		}
	})
}

// Two programs do not talk to each other.
func TestNoAutoReplyToAutoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, p := pair(t)
		ann.machine(t, chat.MoodAway)
		ben.machine(t, chat.MoodBusy)
		if !asks(t, p, ann, ben) {
			t.Error("Ben does not answer")
		}
		ann.answer(t)
		if got := ann.autos(t, ben); len(got) != 1 {
			t.Errorf("Ann answers: %+v", got)
		}
		ben.send(t, ann, "yes")
		p.exchange(t)
		ann.answer(t)
		if got := ann.autos(t, ben); len(got) != 2 {
			t.Errorf("Ann does not answer what Ben wrote himself: %+v", got)
		}
	})
}

// Between the message and its answer a crash costs the answer.
func TestAutoReplyAndCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, p := pair(t)
		ben.machine(t, chat.MoodAway)
		ann.send(t, ben, "lunch?")
		p.exchange(t)
		ben.restart(t)
		ben.answer(t)
		if got := ben.autos(t, ann); len(got) > 0 {
			t.Errorf("the answer came after a restart: %+v", got)
		}
		ann.send(t, ben, "supper?")
		p.exchange(t)
		ben.disk.wrote = func() { ben.restart(t) } // the answer is on disk, and nobody knows
		ben.answer(t)
		p.exchange(t)
		if asks(t, p, ann, ben) || len(ben.autos(t, ann)) != 1 {
			t.Errorf("the next message is not answered once: %+v", ben.autos(t, ann))
		}
	})
}

// Nobody is answered who may not know that I am away, and nothing but messages is.
func TestNoAutoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, p := pair(t)
		ben.machine(t, chat.MoodAway)
		for _, g := range []chat.Grade{chat.GradePlain, chat.GradeNone} {
			if err := ben.SetGrade(ann.Account(), g); err != nil {
				t.Fatal(err)
			}
			if asks(t, p, ann, ben) {
				t.Errorf("who sees %v is answered", g)
			}
		}
		if err := ben.SetGrade(ann.Account(), chat.GradeFull); err != nil {
			t.Fatal(err)
		}
		for _, on := range []string{"false", "true"} {
			if err := ben.SetSetting(chat.UsePresence, on); err != nil {
				t.Fatal(err)
			}
			if on == "false" && asks(t, p, ann, ben) {
				t.Error("an answer tells of presence that is switched off")
			}
		}
		m := ben.send(t, ann, "hello")
		p.exchange(t)
		if _, err := ann.React(m.ID, "👍", false, ""); err != nil {
			t.Fatal(err)
		}
		deleted := ann.send(t, ben, "oh")
		if _, err := ann.Delete(deleted.ID, ""); err != nil {
			t.Fatal(err)
		}
		p.exchange(t)
		ben.answer(t)
		p.exchange(t)
		if got := ann.autos(t, ben); len(got) > 0 {
			t.Errorf("something else was answered: %+v", got)
		}
		if err := ben.SetSetting(chat.AutoReply, ""); err != nil {
			t.Fatal(err)
		}
		if asks(t, p, ann, ben) {
			t.Error("answered with nothing")
		}
		ben.machine(t, chat.MoodAway)
		ann.send(t, ben, "and now?")
		p.exchange(t)
		if _, _, err := ben.Block(ann.Account()); err != nil {
			t.Fatal(err)
		}
		ben.answer(t)
		if got := ben.autos(t, ann); len(got) > 0 {
			t.Errorf("who is blocked is answered: %+v", got)
		}
	})
}
