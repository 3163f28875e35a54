package presence_test

import (
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// Who switches presence off and on again hears by gossip, and passes on, as
// before.
func TestGossipAfterASwitch(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem := w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ben, cem)
		befriend(ann, cem)
		w.part(ann, cem)
		time.Sleep(2 * time.Minute)
		for _, who := range []*person{ben, cem} {
			for _, on := range []string{"false", "true"} {
				if err := who.chat.SetSetting(chat.UsePresence, on); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Minute)
			}
			for _, x := range []struct {
				mood chat.Mood
				want wire.Availability
			}{{chat.MoodBusy, wire.PresenceBusy}, {chat.MoodAway, wire.PresenceAway}} {
				ann.say(x.mood, "")
				cem.say(x.mood, "")
				time.Sleep(10 * time.Second)
				if got := cem.sees(ann).State; got != x.want {
					t.Errorf("ann is %d, not %d", got, x.want)
				}
				if got := ann.sees(cem).State; got != x.want {
					t.Errorf("cem is %d, not %d", got, x.want)
				}
			}
		}
	})
}
