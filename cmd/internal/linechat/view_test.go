package linechat

import (
	"bytes"
	"context"
	"testing"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

type page struct{ bytes.Buffer }

func (*page) ReadLine() (string, error) { select {} }
func (*page) SetPrompt(string)          {}
func (*page) Keyed() <-chan string      { return nil }

// Each change is told of, also when the list that the node gives is ahead of
// its events: here the contact has left it by the first.
func TestEachChangeIsTold(t *testing.T) {
	n, err := node.Open(t.Context(), node.Config{Home: t.TempDir(), NoMDNS: true, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	l, err := api.Listen(n.Home())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, l, api.New(n, api.Options{})) }()
	defer func() { cancel(); <-served }()
	cl := client.Dial(n.Home())
	defer cl.Close()

	var out page
	c := &chat{api: cl, term: &out, with: "somebody else", asking: map[string]bool{}, told: map[string]client.Contact{}}
	for _, now := range []client.Contact{
		{Account: "b", Name: "Bob", State: "asked"},
		{Account: "b", Name: "Bob", State: "accepted", Presence: "offline"},
		{Account: "b", Name: "Bob", State: "accepted", Presence: "offline"},
		{Account: "b", Name: "Bob", State: "declined"},
	} {
		if err := c.contactChanged(ctx, now); err != nil {
			t.Fatal(err)
		}
	}
	const want = "* Bob is your contact now\n* Bob is no contact of yours any more\n"
	if out.String() != want {
		t.Errorf("told:\n%swant:\n%s", &out, want)
	}
}

// How the one who is talked to is there shows when it changes, of others only if
// it was asked for.
func TestComings(t *testing.T) {
	var out page
	c := &chat{term: &out, with: "b", told: map[string]client.Contact{}}
	for _, x := range []struct {
		account, presence, status string
		tell                      bool
	}{
		{"b", "available", "", false}, {"b", "available", "", false}, {"b", "busy", "writing\nmuch", false},
		{"c", "available", "", false}, {"d", "available", "", true}, {"b", "offline", "", false},
	} {
		c.comes(client.Contact{Account: x.account, Name: x.account, Presence: x.presence, Status: x.status}, x.tell)
	}
	const want = "* b is available\n* b is busy: writing much\n* d is here\a\n* b is offline\n"
	if out.String() != want {
		t.Errorf("told:\n%swant:\n%s", &out, want)
	}
}
