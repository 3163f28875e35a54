package chat_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// somebody is an account of that name that nobody runs.
func somebody(t testing.TB, name string, number byte) wire.Link {
	t.Helper()
	key := ed25519.NewKeyFromSeed(append(make([]byte, 31), number))
	return wire.Link{Account: wire.Account(key.Public().(ed25519.PublicKey)), Name: name, Secret: wire.ReachSecret{number}}
}

// requestFrom has somebody ask n, and returns the outcome.
func requestFrom(t testing.TB, n *node, l wire.Link, version uint64) error {
	t.Helper()
	return requestOver(t, n, l, version, "")
}

// requestOver likewise, from a network.
func requestOver(t testing.TB, n *node, l wire.Link, version uint64, network string) error {
	t.Helper()
	p := chat.Proof{Secret: wire.Secret(n.link(t).Secret)}
	return n.TakeStance(l.Account, p, nil, network, wire.Stance{Version: version, Want: true, Name: l.Name, Note: "hi", Share: l.Secret})
}

func names(t testing.TB, n *node) (list []string) {
	t.Helper()
	views, err := n.Contacts()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		list = append(list, v.Name)
	}
	return list
}

func TestAskNamesTheContact(t *testing.T) {
	long := strings.Repeat("ä", wire.MaxName)
	tests := []struct {
		what      string
		link, opt string // names
		want      string
		told      bool
	}{
		{"suggested", "Ben", "", "Ben", false},
		{"chosen", "Ben", "Benjamin", "Benjamin", false},
		{"taken", "Ben", "", "Ben-2", true},
		{"taken but for the case", "BEN", "", "BEN-3", true},
		{"chosen and taken", "Carl", "benjamin", "benjamin-2", true},
		{"as long as may be", long, "", long, false},
		{"long and taken", long, "", strings.Repeat("ä", wire.MaxName-2) + "-2", true},
		{"none", "", "", "the first 8 characters of the address", false},
	}
	n := newNode(t, "Ann")
	for i, test := range tests {
		l := somebody(t, test.link, byte(i+1))
		if test.link == "" {
			test.want = l.Account.Short()
		}
		v, notice, err := n.Ask(l, chat.AskOptions{Name: test.opt})
		if err != nil || v.Name != test.want || (notice != "") != test.told || v.Relation != chat.Asked {
			t.Errorf("%s: %+v, told %q, %v", test.what, v, notice, err)
		}
	}
	if got := len(names(t, n)); got != len(tests) {
		t.Errorf("there are %d contacts", got)
	}
}

func TestAskRefuses(t *testing.T) {
	n := newNode(t, "Ann")
	l := somebody(t, "Ben", 1)
	before := n.Cursor()
	for name, ask := range map[string]func() error{
		"one's own link": func() error { _, _, err := n.Ask(n.link(t), chat.AskOptions{}); return err },
		"a bad name":     func() error { _, _, err := n.Ask(l, chat.AskOptions{Name: "a\nb"}); return err },
		"a long name": func() error {
			_, _, err := n.Ask(l, chat.AskOptions{Name: strings.Repeat("a", wire.MaxName+1)})
			return err
		},
		"a long note": func() error {
			_, _, err := n.Ask(l, chat.AskOptions{Note: strings.Repeat("a", wire.MaxNote+1)})
			return err
		},
		"a long key": func() error {
			_, _, err := n.Ask(l, chat.AskOptions{Key: strings.Repeat("a", chat.MaxKey+1)})
			return err
		},
	} {
		want := chat.ErrUsage
		if name == "a long name" || name == "a long note" {
			want = chat.ErrRefused // over a limit
		}
		if err := ask(); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n.Cursor() != before {
		t.Error("something was stored")
	}
}

func TestAskAgainChangesNothing(t *testing.T) {
	n := newNode(t, "Ann")
	l := somebody(t, "Ben", 1)
	if _, _, err := n.Ask(l, chat.AskOptions{Note: "hi"}); err != nil {
		t.Fatal(err)
	}
	before := n.contact(t, l.Account).Mine
	if _, notice, err := n.Ask(l, chat.AskOptions{Note: "hi"}); err != nil || notice == "" {
		t.Errorf("told %q, %v", notice, err)
	}
	if n.contact(t, l.Account).Mine != before {
		t.Error("the stance changed")
	}
	if _, notice, err := n.Ask(l, chat.AskOptions{}); err != nil || notice == "" || n.contact(t, l.Account).Mine != before {
		t.Errorf("without a note: told %q, %v", notice, err)
	}
	v, notice, err := n.Ask(l, chat.AskOptions{Note: "hi", Name: "Benny"})
	if err != nil || v.Name != "Benny" || notice == "" || n.contact(t, l.Account).Mine != before {
		t.Errorf("with another name: %+v, told %q, %v", v, notice, err)
	}
	if v, _, err := n.Ask(l, chat.AskOptions{Note: "hi"}); err != nil || v.Name != "Benny" {
		t.Errorf("without a name again: %+v, %v", v, err)
	}
}

func TestAskByANewLinkIsANewRequest(t *testing.T) {
	n := newNode(t, "Ann")
	l := somebody(t, "Ben", 1)
	n.Ask(l, chat.AskOptions{Name: "My Ben"})
	before := n.contact(t, l.Account).Mine
	l.Secret[0]++
	v, notice, err := n.Ask(l, chat.AskOptions{})
	if err != nil || notice != "" || v.Name != "My Ben" {
		t.Errorf("%+v, told %q, %v", v, notice, err)
	}
	if n.contact(t, l.Account).Mine.Version <= before.Version {
		t.Error("it is not told again")
	}
}

func TestAnswerCanBeChanged(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	open(t, ann, ben).exchange(t)
	sent, err := ann.Send(ben.Account(), "it waits", chat.SendOptions{})
	if err != nil || sent.Why != "" {
		t.Fatalf("%q, %v", sent.Why, err)
	}
	if _, err := ben.Decline(ann.Account()); err != nil {
		t.Fatal(err)
	}
	open(t, ann, ben).exchange(t)
	if rel := ann.relation(t, ben); rel != chat.Declined {
		t.Fatalf("Ann sees Ben as %s", rel)
	}
	if m, err := ann.Message(sent.ID); err != nil || m.State != chat.Queued || m.Why == "" {
		t.Errorf("it is %s, because %q, %v", m.State, m.Why, err)
	}
	if n := len(names(t, ben)); n != 0 {
		t.Errorf("Ben lists %d contacts", n)
	}
	ann.ask(t, ben) // again
	open(t, ann, ben).exchange(t)
	if rel := ben.relation(t, ann); rel != chat.Requested {
		t.Errorf("Ben sees Ann as %s", rel)
	}
	if _, _, err := ben.Accept(ann.Account(), ""); err != nil {
		t.Fatal(err)
	}
	open(t, ann, ben).exchange(t)
	if rel := ann.relation(t, ben); rel != chat.Accepted {
		t.Errorf("in the end Ann sees Ben as %s", rel)
	}
	if m, err := ann.Message(sent.ID); err != nil || m.Why != "" {
		t.Errorf("in the end it waits because %q, %v", m.Why, err)
	}
}

func TestToAskWhoAsksMeIsToAccept(t *testing.T) {
	ann, ben := newNode(t, "Ann"), newNode(t, "Ben")
	ann.ask(t, ben)
	open(t, ann, ben).exchange(t)
	ben.ask(t, ann)
	if rel := ben.relation(t, ann); rel != chat.Accepted {
		t.Errorf("Ben sees Ann as %s", rel)
	}
}

func TestRequestShowsWhatTheAskerSays(t *testing.T) {
	n := newNode(t, "Ann")
	l := somebody(t, "Ben", 1)
	if err := requestFrom(t, n, l, 5); err != nil {
		t.Fatal(err)
	}
	want := chat.Request{Account: l.Account, Name: "Ben", Note: "hi", Time: uint64(start)}
	if list, err := n.Requests(); err != nil || !slices.Equal(list, []chat.Request{want}) {
		t.Errorf("%+v, %v", list, err)
	}
	if got := names(t, n); len(got) != 0 {
		t.Errorf("it stands among the contacts: %q", got)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	n := newNode(t, "Ann")
	for i := range chat.MaxRequests {
		if err := requestFrom(t, n, somebody(t, "", byte(i+1)), 1); err != nil {
			t.Fatal(err)
		}
	}
	late := somebody(t, "late", 200)
	if err := requestFrom(t, n, late, 1); !errors.Is(err, chat.ErrTooManyRequests) {
		t.Errorf("one too many: %v", err)
	}
	if c := n.contact(t, late.Account); c.Account == late.Account {
		t.Error("it was stored")
	}
	again := somebody(t, "again", 1)
	if err := requestFrom(t, n, again, 2); err != nil {
		t.Errorf("one that waits, told anew: %v", err)
	}
	if _, err := n.Decline(again.Account); err != nil {
		t.Fatal(err)
	}
	if err := requestFrom(t, n, late, 1); err != nil {
		t.Errorf("after one was declined: %v", err)
	}
	if err := requestFrom(t, n, again, 3); !errors.Is(err, chat.ErrTooManyRequests) {
		t.Errorf("who was declined asks again beyond the limit: %v", err)
	}
}

// One network cannot take all places of requests.
func TestRequestsOfOneNetworkAreBounded(t *testing.T) {
	n := newNode(t, "Ann")
	for i := range chat.MaxRequestsFrom {
		if err := requestOver(t, n, somebody(t, "", byte(i+1)), 1, "192.0.2.0/24"); err != nil {
			t.Fatal(err)
		}
	}
	late := somebody(t, "late", 200)
	if err := requestOver(t, n, late, 1, "192.0.2.0/24"); !errors.Is(err, chat.ErrTooManyRequests) {
		t.Errorf("one too many: %v", err)
	}
	if err := requestOver(t, n, somebody(t, "", 201), 1, "198.51.100.0/24"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	if err := requestOver(t, n, somebody(t, "", 1), 2, "192.0.2.0/24"); err != nil {
		t.Errorf("one that waits, told anew: %v", err)
	}
	for i, answer := range []func(wire.Account) error{
		func(a wire.Account) error { _, err := n.Decline(a); return err },
		func(a wire.Account) error { _, _, err := n.Accept(a, ""); return err },
	} {
		if err := answer(somebody(t, "", byte(i+1)).Account); err != nil {
			t.Fatal(err)
		}
		if err := requestOver(t, n, somebody(t, "", byte(210+i)), 1, "192.0.2.0/24"); err != nil {
			t.Errorf("after an answer: %v", err)
		}
	}
}

// What others call themselves never takes a name that I chose, nor one that I
// might choose.
func TestClaimedNames(t *testing.T) {
	n := newNode(t, "Ann")
	first, second, spam := somebody(t, "Ben", 1), somebody(t, "Ben", 2), somebody(t, "Carl", 3)
	for _, l := range []wire.Link{first, second, spam} {
		if err := requestFrom(t, n, l, 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.Resolve("Ben"); !errors.Is(err, chat.ErrAmbiguous) {
		t.Errorf("two who claim one name: %v", err)
	}
	if v, notice, err := n.Accept(first.Account, ""); err != nil || v.Name != "Ben" || notice != "" {
		t.Errorf("the first: %+v, told %q, %v", v, notice, err)
	}
	if v, notice, err := n.Accept(second.Account, ""); err != nil || v.Name != "Ben-2" || notice == "" {
		t.Errorf("the second: %+v, told %q, %v", v, notice, err)
	}
	if _, err := n.Decline(spam.Account); err != nil {
		t.Fatal(err)
	}
	if a, err := n.Resolve("Carl"); a != spam.Account {
		t.Errorf("the declined one is not found: %v", err)
	}
	carl := somebody(t, "Carl", 4)
	if v, notice, err := n.Ask(carl, chat.AskOptions{}); err != nil || v.Name != "Carl" || notice != "" {
		t.Errorf("the name of somebody declined: %+v, told %q, %v", v, notice, err)
	}
	if a, err := n.Resolve("carl"); a != carl.Account {
		t.Errorf("the contact is not found: %v", err)
	}
	if v, notice, err := n.Accept(spam.Account, ""); err != nil || v.Name != "Carl-2" || notice == "" {
		t.Errorf("accepted after all: %+v, told %q, %v", v, notice, err)
	}
}

func TestRename(t *testing.T) {
	n := newNode(t, "Ann")
	ben, carl := somebody(t, "Ben", 1), somebody(t, "Carl", 2)
	n.Ask(ben, chat.AskOptions{})
	n.Ask(carl, chat.AskOptions{})
	for _, test := range []struct {
		name string
		code chat.Code
	}{
		{"Benny", ""}, {"Benny", ""}, {"benny", ""}, {"Carl", chat.CodeRefused}, {"CARL", chat.CodeRefused},
		{"", chat.CodeUsage}, {"#room", chat.CodeUsage}, {ben.Account.String(), chat.CodeUsage},
	} {
		v, err := n.Rename(ben.Account, test.name, "")
		if test.code != "" {
			wantCode(t, err, test.code)
		} else if err != nil || v.Name != test.name {
			t.Errorf("%q: %+v, %v", test.name, v, err)
		}
	}
	_, err := n.Rename(wire.Account{9}, "x", "")
	wantCode(t, err, chat.CodeNotFound)
}

func TestResolve(t *testing.T) {
	n := newNode(t, "Ann")
	ben, low, high := somebody(t, "Ben", 1), somebody(t, "zoë", 2), somebody(t, "ZOË", 3)
	max1, max2 := somebody(t, "Max", 4), somebody(t, "Max", 5)
	n.Ask(ben, chat.AskOptions{})
	n.Ask(low, chat.AskOptions{})
	requestFrom(t, n, high, 1) // whoever asks does not take a contact's name
	requestFrom(t, n, max1, 1)
	requestFrom(t, n, max2, 1)
	for _, test := range []struct {
		who  string
		want wire.Account
		code chat.Code
	}{
		{"Ben", ben.Account, ""}, {"bEN", ben.Account, ""},
		{"zoë", low.Account, ""}, {"ZOË", low.Account, ""}, {"Zoë", low.Account, ""}, {"Max", wire.Account{}, chat.CodeAmbiguous},
		{ben.Account.String(), ben.Account, ""}, {strings.ToUpper(ben.Account.String()), ben.Account, ""},
		{"Be", wire.Account{}, chat.CodeNotFound}, {"", wire.Account{}, chat.CodeNotFound},
		{"#Ben", wire.Account{}, chat.CodeNotFound}, {n.Account().String(), wire.Account{}, chat.CodeNotFound},
	} {
		a, err := n.Resolve(test.who)
		if a != test.want {
			t.Errorf("%q is %s", test.who, a)
		}
		if test.code != "" {
			wantCode(t, err, test.code)
		} else if err != nil {
			t.Error(err)
		}
	}
	if a, err := n.ResolveAsker("ZOË"); a != high.Account {
		t.Errorf("the one who asks is %s, %v", a, err)
	}
	_, err := n.Resolve("Max")
	for _, l := range []wire.Link{max1, max2} {
		if !strings.Contains(err.Error(), l.Account.String()) {
			t.Errorf("%q does not list %s", err, l.Account)
		}
	}
}

func TestContactsInOrderOfCreation(t *testing.T) {
	n := newNode(t, "Ann")
	want := []string{"Zoe", "Ben", "Ann"}
	for i, name := range want {
		n.Ask(somebody(t, name, byte(i+1)), chat.AskOptions{})
	}
	if got := names(t, n); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestSafetyNumber(t *testing.T) {
	ann, ben, _ := pair(t)
	number := ann.SafetyNumber(ben.Account())
	if number != ben.SafetyNumber(ann.Account()) {
		t.Error("the two see different numbers")
	}
	plain := strings.ReplaceAll(number, " ", "")
	if len(plain) != 60 || strings.Trim(plain, "0123456789") != "" || len(number) != 71 {
		t.Errorf("it is %q", number)
	}
	if shown, verified, err := ann.Verify(ben.Account(), ""); shown != number || verified || err != nil {
		t.Errorf("shown: %q, %v, %v", shown, verified, err)
	}
	_, _, err := ann.Verify(ben.Account(), strings.Repeat("1", 60))
	wantCode(t, err, chat.CodeRefused)
	for _, typed := range []string{plain, " " + number + "\n", ""} {
		if _, verified, err := ann.Verify(ben.Account(), typed); !verified || err != nil {
			t.Errorf("%q: %v, %v", typed, verified, err)
		}
	}
	_, _, err = ann.Verify(wire.Account{9}, "")
	wantCode(t, err, chat.CodeNotFound)
}

func TestOnlineFollowsTheSessions(t *testing.T) {
	ann, ben, _ := pair(t)
	online := func() bool {
		c, err := ann.Contact(ben.Account())
		if err != nil {
			t.Fatal(err)
		}
		return c.Online
	}
	for i, up := range []bool{true, true, false, false} {
		ann.clock.advance(time.Second)
		call := ann.LinkUp
		if !up {
			call = ann.LinkDown
		}
		if err := call(ben.Account()); err != nil {
			t.Fatal(err)
		}
		if online() != (i < 3) {
			t.Errorf("after step %d they are online: %v", i, online())
		}
	}
	if c := ann.contact(t, ben.Account()); c.LastSeen != 0 {
		t.Errorf("who shows no presence was seen at %d", c.LastSeen)
	}
	seen := uint64(ann.clock.ms)
	if err := ann.TakePresence(ben.Account(), ben.Device(), wire.Presence{View: wire.ViewPlain, Boot: 1, Seq: 1, Time: seen, State: wire.PresenceAvailable}); err != nil {
		t.Fatal(err)
	}
	ann.clock.advance(time.Minute)
	for _, call := range []func(wire.Account) error{ann.LinkUp, ann.LinkDown} {
		if err := call(ben.Account()); err != nil {
			t.Fatal(err)
		}
	}
	ann.restart(t)
	if c := ann.contact(t, ben.Account()); c.LastSeen != seen {
		t.Errorf("last seen at %d, not at %d", c.LastSeen, seen)
	}
}

func TestReachedKeepsTheNewest(t *testing.T) {
	n := newNode(t, "Ann")
	for i := range 20 {
		n.clock.advance(time.Second)
		if err := n.Reached(wire.Account{1}, chat.Peer{ID: string(rune('a' + i%10))}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := n.Peers(wire.Account{1})
	if err != nil || len(list) != 8 || list[0].ID != "j" || list[7].ID != "c" {
		t.Errorf("%+v, %v", list, err)
	}
}
