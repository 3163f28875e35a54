package node_test

import (
	"crypto/rand"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/discovery"
	"github.com/truce-im/truce/node"
)

// onTheLAN lets nodes announce themselves on the interfaces of this machine; the
// test is skipped where that cannot be.
func onTheLAN(t *testing.T) func(*node.Config) {
	t.Helper()
	c, err := net.Dial("udp4", "224.0.0.251:5353")
	if err == nil {
		_, err = c.Write([]byte{0})
		c.Close()
	}
	if err != nil {
		t.Skipf("no multicast on this machine: %v", err)
	}
	return func(c *node.Config) { c.NoMDNS = false }
}

// awaited polls what no event tells of: what is heard of others.
func awaited(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(time.Minute); !ok(); <-tick.C {
		if time.Now().After(until) {
			t.Fatalf("it did not happen in time: %s", what)
		}
	}
}

// sees tells under which names n sees another nearby.
func sees(n, other *node.Node) (names []string) {
	for _, x := range n.Nearby() {
		if x.Account == other.Chat().Account() {
			names = append(names, x.Name)
		}
	}
	return names
}

func setNearby(t *testing.T, n *node.Node, value string) {
	t.Helper()
	if err := n.Chat().SetSetting(chat.Nearby, value); err != nil {
		t.Fatal(err)
	}
}

// Two who have never met see each other once they choose to be seen, and become
// contacts by name.
func TestNearby(t *testing.T) {
	lan := onTheLAN(t)
	name := "Ann " + rand.Text() // others may run this test on this network
	ann := start(t, filepath.Join(t.TempDir(), "ann"), name, lan)
	ben := start(t, filepath.Join(t.TempDir(), "ben"), "Ben", lan)
	setNearby(t, ann, "true")
	awaited(t, "Ben sees Ann", func() bool { return slices.Equal(sees(ben, ann), []string{name}) })
	if got := sees(ann, ben); got != nil {
		t.Errorf("Ann sees Ben, who did not choose to be seen: %q", got)
	}
	if got := sees(ann, ann); got != nil {
		t.Errorf("Ann sees herself: %q", got)
	}

	if _, err := ben.NearbyLink("nobody of that name"); !chatError(err, chat.CodeNotFound) {
		t.Errorf("looking for nobody: %v", err)
	}
	l, err := ben.NearbyLink(strings.ToUpper(name))
	if err != nil {
		t.Fatal(err)
	}
	if permanent := link(t, ann); l.Secret == permanent.Secret {
		t.Error("the secret of the permanent link is shown to everybody")
	}
	if byAccount, err := ben.NearbyLink(ann.Chat().Account().String()); err != nil || byAccount.Secret != l.Secret {
		t.Errorf("by account: %v", err)
	}
	ask(t, ben, l)
	eventually(t, ann, "the request arrives", func() bool { return asked(ann) })
	accept(t, ann, ben)
	eventually(t, ben, "they are contacts", func() bool { return relation(ben, ann.Chat().Account()) == chat.Accepted })

	setNearby(t, ann, "false")
	awaited(t, "Ann is gone", func() bool { return sees(ben, ann) == nil })
	setNearby(t, ann, "true")
	awaited(t, "Ann is back", func() bool { return sees(ben, ann) != nil })
	if err := ann.Chat().SetStatus(chat.Status{Mood: chat.MoodInvisible}); err != nil {
		t.Fatal(err)
	}
	awaited(t, "Ann is invisible", func() bool { return sees(ben, ann) == nil })
	if err := ann.Chat().SetStatus(chat.Status{Mood: chat.MoodAvailable}); err != nil {
		t.Fatal(err)
	}
	awaited(t, "Ann shows herself", func() bool { return sees(ben, ann) != nil })
	ann.Close()
	awaited(t, "Ann has left", func() bool { return sees(ben, ann) == nil })
}

func chatError(err error, code chat.Code) bool {
	e, ok := err.(*chat.Error)
	return ok && e.Code == code
}

// shown is a beacon as somebody of that account and peer would make it.
func shown(account, secret, id byte, name string) discovery.Beacon {
	data := node.Card(wire.Account{account}, wire.ReachSecret{secret}, name)
	return discovery.Beacon{Peer: peer.ID([]byte{0, 1, id}), Data: data}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"Ann", "Ann"},
		{"", wire.Account{1}.Short()},
		{strings.Repeat("ä", 48), strings.Repeat("ä", 48)},
		{strings.Repeat("ä", 49), strings.Repeat("ä", 48)},
		{strings.Repeat("a", 64), strings.Repeat("a", 64)},
		{strings.Repeat("😀", 64), strings.Repeat("😀", 24)},
		{strings.Repeat("a", 20) + " " + strings.Repeat("ä", 43), strings.Repeat("a", 20) + " " + strings.Repeat("ä", 37)},
		{strings.Repeat("ä", 46) + "   ää", strings.Repeat("ä", 46)}, // not with a space at its end
		{strings.Repeat("ä", 45) + "👨\u200d👩", strings.Repeat("ä", 45) + "👨"},
	} {
		if tt.name != "" && wire.CheckName(tt.name) != nil {
			t.Fatalf("%q is no name", tt.name)
		}
		b := shown(1, 2, 3, tt.name)
		got := node.Neighbours([]discovery.Beacon{b}, wire.Account{9})
		if len(b.Data) > discovery.MaxBeacon || len(got) != 1 || got[0].Name != tt.want {
			t.Errorf("%q: %d bytes, %v", tt.name, len(b.Data), got)
		}
	}
}

// Whatever strangers show, only what can be a person is listed.
func TestHostileCards(t *testing.T) {
	good := shown(1, 2, 3, "Ann").Data
	for name, data := range map[string][]byte{
		"nothing":       nil,
		"cut":           good[:63],
		"no account":    node.Card(wire.Account{}, wire.ReachSecret{2}, "Ann"),
		"myself":        node.Card(wire.Account{9}, wire.ReachSecret{2}, "Ann"),
		"not UTF-8":     append(slices.Clone(good), 0xff),
		"control":       append(slices.Clone(good), 0x1b),
		"direction":     append(slices.Clone(good), "\u202e"...),
		"room":          append(slices.Clone(good[:64]), "#ann"...),
		"space":         append(slices.Clone(good), ' '),
		"too long":      append(slices.Clone(good[:64]), strings.Repeat("a", 65)...),
		"an address":    append(slices.Clone(good[:64]), wire.Account{7}.String()...),
		"nothing seen":  append(slices.Clone(good[:64]), "\u2800"...),
		"a line of two": append(slices.Clone(good), "\nBen"...),
	} {
		if got := node.Neighbours([]discovery.Beacon{{Peer: "\x00\x01x", Data: data}}, wire.Account{9}); len(got) != 0 {
			t.Errorf("%s: listed as %q", name, got[0].Name)
		}
	}
}

// One of several of a name is not chosen by chance; of one person's
// announcements the newest counts.
func TestNearbyLink(t *testing.T) {
	list := []discovery.Beacon{
		shown(1, 1, 1, "Ann"), shown(2, 1, 2, "ann"), shown(3, 1, 3, "Ben"), shown(4, 1, 4, "Ben"),
		shown(5, 1, 5, "Cat"), shown(5, 2, 5, "Cat"), shown(5, 3, 6, "Cat"), shown(6, 1, 7, "Dan"), shown(7, 1, 8, "DAN"),
	}
	if got := node.Neighbours(list, wire.Account{}); len(got) != 8 {
		t.Errorf("%d are listed: %v", len(got), got)
	}
	for _, tt := range []struct {
		who             string
		account, secret byte
		code            chat.Code
	}{
		{"Ann", 1, 1, ""},
		{"ann", 2, 1, ""},
		{"ANN", 0, 0, chat.CodeAmbiguous},
		{"Ben", 0, 0, chat.CodeAmbiguous},
		{wire.Account{3}.String(), 3, 1, ""},
		{strings.ToUpper(wire.Account{4}.String()), 4, 1, ""},
		{"Cat", 5, 3, ""},
		{"cat", 5, 3, ""},
		{"dan", 0, 0, chat.CodeAmbiguous},
		{"Eve", 0, 0, chat.CodeNotFound},
		{"", 0, 0, chat.CodeNotFound},
	} {
		l, err := node.LinkAmong(list, tt.who)
		if tt.code != "" {
			if !chatError(err, tt.code) {
				t.Errorf("%q: %v", tt.who, err)
			}
			continue
		}
		if want := (wire.Link{Account: wire.Account{tt.account}, Secret: wire.ReachSecret{tt.secret}}); err != nil || l.Account != want.Account || l.Secret != want.Secret {
			t.Errorf("%q: %v, %v", tt.who, l, err)
		}
	}
	_, err := node.LinkAmong(list, "Ben")
	if err == nil || !strings.Contains(err.Error(), wire.Account{3}.String()) || !strings.Contains(err.Error(), wire.Account{4}.String()) {
		t.Errorf("the matches are not listed: %v", err)
	}
}
