package presence_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// requirement is one of RFC 2779: how it is met, or why it is not.
type requirement struct {
	number string
	met    func(t *testing.T)
	not    string // why it is not met, or is not shown here
}

// TestRFC2779 goes through the requirements on presence of RFC 2779, by number.
func TestRFC2779(t *testing.T) {
	for _, r := range requirements {
		t.Run(r.number, func(t *testing.T) {
			if r.not != "" {
				t.Skip(r.not)
			}
			r.met(t)
		})
	}
}

var requirements = []requirement{
	{"2.1.1 apart from messages", nil, "met: either is switched off without the other (node.TestPresenceOff, node.TestMessagesOff)"},
	{"2.3.1 who observes", strangersSeeNothing, ""},
	{"2.3.2 who subscribes", unansweredHaveNoSecret, ""},
	{"2.3.3 what each sees", eachSeesItsView, ""},
	{"2.3.4 who updates", onlyMyDevicesSpeak, ""},
	{"2.3.5 who sends", blockedAreNotHeard, ""},
	{"2.3.6 who reads", nil, "of messages: they go to the recipient's devices over encrypted sessions alone (node/host.TestConnectionsArePostQuantum)"},
	{"2.3.7 also while away", removedReadNothing, ""},

	{"3.1.1 common format", recordsAreRead, ""},
	{"3.1.2 names the presentity", recordsNameTheirAccount, ""},
	{"3.1.3 contact information", profilesHaveText, ""},
	{"3.1.4 extensible", unknownCapabilitiesPass, ""},
	{"3.1.5 registered status values", nil, "not met: the four states are closed, so that no program has to guess; words for more go into capabilities and the text"},
	{"3.1.6 IETF formats", nil, "not met, a SHOULD: records are small CBOR; faces may write PIDF or vCard"},
	{"3.2.1 fetch while out of contact", nil, "not met: nobody answers for somebody who is away: the last time they were seen is kept, and nothing older is shown as presence"},
	{"3.2.2 ask while out of contact", requestsWait, ""},
	{"3.2.3 all are notified", allAreNotified, ""},
	{"3.2.4 loss of contact", silenceIsNoticed, ""},
	{"3.2.5 without a goodbye", silenceIsNoticed, ""},
	{"3.3.1 cacheable", recordsOutliveTheirSession, ""},
	{"3.3.2 caches follow", allAreNotified, ""},
	{"3.3.3 caches are no way around", removedReadNothing, ""},
	{"3.4.1 as fast as a message", asFastAsMessages, ""},

	{"5.1.1 A authenticates B", recordsNameTheirAccount, ""},
	{"5.1.2 not obvious to C", strangersSeeNothing, ""},
	{"5.1.3 open to anybody", nil, "not met: presence is for contacts: whoever is shown to everybody on the LAN shows a name, not how they are"},
	{"5.1.4 as B disclosed it", tamperingShows, ""},
	{"5.1.5 refusals are told", refusalsAreTold, ""},
	{"5.1.6 C cannot make A subscribe", strangersMakeNoContacts, ""},
	{"5.1.7 A cancels", cancelling, ""},
	{"5.1.8 C does not cancel", onlyContactsCancel, ""},
	{"5.1.9 A's cancelling is told", cancelling, ""},
	{"5.1.10 state of a subscription", refusalsAreTold, ""},
	{"5.1.11 B knows who subscribes", strangersMakeNoContacts, ""},
	{"5.1.12 B authenticates A", nil, "met by the hello of a session, without which nothing is said (chat/link.TestFalseCredentials)"},
	{"5.1.13 B prevents one", blockedAreNotHeard, ""},
	{"5.1.14 B prevents the anonymous", strangersSeeNothing, ""},
	{"5.1.15 polite blocking", politeBlocking, ""},
	{"5.1.16 B cancels", removedReadNothing, ""},
	{"5.1.17 A's address", nil, "not met: sessions are direct: hiding an address needs relays, which this version does not use"},
	{"5.1.18 B's address", nil, "not met, as 5.1.17"},

	{"5.2.1 only A reads", removedReadNothing, ""},
	{"5.2.2 A gets all", allAreNotified, ""},
	{"5.2.3 B may differ", eachSeesItsView, ""},
	{"5.2.4 no spoofing", tamperingShows, ""},
	{"5.2.5 A's address", nil, "not met, as 5.1.17"},
	{"5.2.6 B's address", nil, "not met, as 5.1.17"},
	{"5.3.1 content as sent", tamperingShows, ""},
	{"5.3.2 only what A asked for", strangersMakeNoContacts, ""},
	{"5.3.3 B sent it", recordsNameTheirAccount, ""},
}

func (p *person) relation(other *person) chat.Relation {
	p.w.Helper()
	c, err := p.chat.Contact(other.account())
	if err != nil {
		return ""
	}
	return c.Relation
}

func (p *person) follows(other *person) bool {
	p.w.Helper()
	views, err := p.chat.Views()
	if err != nil {
		p.w.Fatal(err)
	}
	_, ok := views[other.account()]
	return ok
}

// ask has p ask other, who hears it.
func (p *person) ask(other *person) {
	p.w.Helper()
	l, err := other.chat.Link(nil)
	if err == nil {
		_, _, err = p.chat.Ask(l, chat.AskOptions{})
	}
	if err != nil {
		p.w.Fatal(err)
	}
	p.dial(other)
	settle()
}

func strangersSeeNothing(t *testing.T) { TestTaps(t) }

func unansweredHaveNoSecret(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		ben.ask(ann)
		time.Sleep(3 * time.Minute)
		if ben.follows(ann) || ann.follows(ben) {
			t.Error("a secret was handed out before the answer")
		}
	})
}

func eachSeesItsView(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.person()
		ann.say(chat.MoodBusy, "text")
		for grade, want := range map[chat.Grade]chat.Presence{
			chat.GradeFull: {State: wire.PresenceBusy, Text: "text"}, chat.GradePlain: {State: wire.PresenceAvailable}, chat.GradeNone: {},
		} {
			p := w.person()
			befriend(ann, p)
			if err := ann.chat.SetGrade(p.account(), grade); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if got := p.sees(ann); got != want {
				t.Errorf("grade %d: %v", grade, got)
			}
		}
	})
}

func onlyMyDevicesSpeak(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		p := wire.Presence{View: wire.ViewFull, Boot: 9, Seq: 9, Time: uint64(time.Now().UnixMilli())}
		if err := ann.chat.TakePresence(ben.account(), wire.Device{1}, p); !errors.Is(err, chat.ErrProtocol) {
			t.Errorf("a device that is not his: %v", err)
		}
	})
}

func blockedAreNotHeard(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		if _, _, err := ann.chat.Block(ben.account()); err != nil {
			t.Fatal(err)
		}
		if _, err := ben.chat.Send(ann.account(), "hello", chat.SendOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if h, err := ann.chat.History(ben.account(), chat.HistoryOptions{N: 10}); err != nil || len(h) > 0 {
			t.Errorf("she has %v, %v", h, err)
		}
		if got := ben.sees(ann); got != (chat.Presence{}) {
			t.Errorf("he sees %v", got)
		}
	})
}

func removedReadNothing(t *testing.T) { TestRemovedReadsNothing(t) }

// oneRecord is a record of a device of its own.
func oneRecord() (account wire.Account, record []byte, p wire.Presence) {
	_, device, _ := ed25519.GenerateKey(rand.Reader)
	rand.Read(account[:])
	p = wire.Presence{View: wire.ViewFull, Epoch: 1, Boot: 1, Seq: 1, Time: 1, State: wire.PresenceBusy, Text: "text", Caps: []string{"of a later version"}}
	return account, wire.SignPresence(device, account, p), p
}

func recordsAreRead(t *testing.T) {
	account, record, p := oneRecord()
	if _, got, err := wire.ParsePresence(account, record); err != nil || got.State != p.State || got.Text != p.Text {
		t.Errorf("%v, %v", got, err)
	}
}

func recordsNameTheirAccount(t *testing.T) {
	_, record, _ := oneRecord()
	if _, _, err := wire.ParsePresence(wire.Account{1}, record); wire.ErrorClass(err) != "signature" {
		t.Errorf("for somebody else it is good: %v", err)
	}
}

func tamperingShows(t *testing.T) {
	account, record, _ := oneRecord()
	for i := range record {
		bad := bytes.Clone(record)
		bad[i] ^= 0x10
		if _, _, err := wire.ParsePresence(account, bad); err == nil {
			t.Fatalf("byte %d may be another", i)
		}
	}
}

func profilesHaveText(t *testing.T) {
	p := wire.Profile{Version: 1, Name: "Ann", About: "ann at home"}
	if got, err := wire.DecodeProfile(p.Encode()); err != nil || got.About != p.About {
		t.Errorf("%v, %v", got, err)
	}
}

func unknownCapabilitiesPass(t *testing.T) {
	account, record, p := oneRecord()
	if _, got, err := wire.ParsePresence(account, record); err != nil || len(got.Caps) != len(p.Caps) {
		t.Errorf("%v, %v", got, err)
	}
}

func requestsWait(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		w.net.Cut(ann.ip, true)
		l, err := ann.chat.Link(nil)
		if err == nil {
			_, _, err = ben.chat.Ask(l, chat.AskOptions{})
		}
		if err != nil || ben.relation(ann) != chat.Asked {
			t.Fatalf("%s, %v", ben.relation(ann), err)
		}
		w.net.Cut(ann.ip, false)
		ben.dial(ann)
		settle()
		if ann.relation(ben) != chat.Requested {
			t.Errorf("he is %q", ann.relation(ben))
		}
	})
}

func allAreNotified(t *testing.T) {
	virtually(t, func(w *world) {
		ann := w.person()
		var all []*person
		for range 5 {
			all = append(all, w.person())
			befriend(ann, all[len(all)-1])
		}
		for _, m := range []chat.Mood{chat.MoodAway, chat.MoodBusy} {
			ann.say(m, string(m))
			for i, p := range all {
				if got := p.sees(ann).Text; got != string(m) {
					t.Errorf("contact %d sees %q", i, got)
				}
			}
		}
	})
}

func silenceIsNoticed(t *testing.T) { TestWithoutGoodbye(t) }

func recordsOutliveTheirSession(t *testing.T) { TestPassedOn(t) }

func asFastAsMessages(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		began := time.Now()
		if err := ann.chat.SetStatus(chat.Status{Mood: chat.MoodBusy}); err != nil {
			t.Fatal(err)
		}
		for ben.sees(ann).State != wire.PresenceBusy {
			time.Sleep(time.Millisecond)
		}
		if d := time.Since(began); d > 10*time.Millisecond { // a message takes a commit on each side
			t.Errorf("it takes %v", d)
		}
	})
}

func refusalsAreTold(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		ben.ask(ann)
		if got := ben.relation(ann); got != chat.Asked {
			t.Errorf("before the answer she is %q", got)
		}
		if _, err := ann.chat.Decline(ben.account()); err != nil {
			t.Fatal(err)
		}
		settle()
		if got := ben.relation(ann); got != chat.Declined {
			t.Errorf("after the refusal she is %q", got)
		}
	})
}

func strangersMakeNoContacts(t *testing.T) {
	virtually(t, func(w *world) {
		ann, cem := w.person(), w.person()
		cem.ask(ann)
		time.Sleep(3 * time.Minute)
		if got := ann.relation(cem); got != chat.Requested || ann.follows(cem) {
			t.Errorf("without her doing he is %q", got)
		}
		if r, err := ann.chat.Requests(); err != nil || len(r) != 1 {
			t.Errorf("she knows of %v, %v", r, err)
		}
	})
}

func cancelling(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		if _, _, err := ann.chat.Remove(ben.account()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := ben.relation(ann); got == chat.Accepted {
			t.Error("he was not told")
		}
		if got := ben.sees(ann); got != (chat.Presence{}) {
			t.Errorf("he sees %v", got)
		}
		if ben.follows(ann) || ann.follows(ben) {
			t.Error("one follows the other")
		}
	})
}

func onlyContactsCancel(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben, cem := w.person(), w.person(), w.person()
		befriend(ann, ben)
		befriend(ann, cem)
		if _, _, err := cem.chat.Remove(ann.account()); err != nil { // the most that he can do
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if got := ben.sees(ann).State; got != wire.PresenceAvailable || ann.relation(ben) != chat.Accepted {
			t.Errorf("Ben sees %d", got)
		}
	})
}

func politeBlocking(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.person(), w.person()
		befriend(ann, ben)
		if err := ann.chat.SetGrade(ben.account(), chat.GradeNone); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if !ben.follows(ann) || ben.relation(ann) != chat.Accepted {
			t.Error("he can tell")
		}
		if got := ben.sees(ann); got != (chat.Presence{}) {
			t.Errorf("he sees %v", got)
		}
	})
}
