package slash_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/truce-im/truce/cmd/internal/slash"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open starts a node, and returns a client of it.
func open(t *testing.T, name string) *client.Client {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{Home: t.TempDir(), Name: name, NoMDNS: true, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := api.Listen(n.Home())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, l, api.New(n, api.Options{})) }()
	c := client.Dial(n.Home())
	t.Cleanup(func() {
		c.Close()
		cancel()
		<-served
		n.Close()
	})
	return c
}

// befriend makes contacts of two, and has the first write to the second.
func befriend(t *testing.T, ann, ben *client.Client) (account string, sent client.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	link, err := ben.Link(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ann.Add(ctx, client.AddRequest{Link: link}); err != nil {
		t.Fatal(err)
	}
	asked(t, ben)
	if _, err := ben.Accept(ctx, "Ann", ""); err != nil {
		t.Fatal(err)
	}
	x, err := ann.WaitContact(ctx, "Ben", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if sent, err = ann.Send(ctx, "Ben", client.SendRequest{Text: "the first"}); err != nil {
		t.Fatal(err)
	}
	if sent, err = ann.Wait(ctx, sent.ID, time.Minute); err != nil {
		t.Fatal(err)
	}
	return x.Account, sent
}

// asked waits until somebody asks.
func asked(t *testing.T, c *client.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, err := range c.Events(ctx, "0") {
		if err != nil {
			t.Fatal(err)
		}
		if list, err := c.Requests(ctx); err != nil || len(list) > 0 {
			return
		}
	}
}

// Every command does what it says, and what it cannot do it refuses in one line.
func TestEveryCommand(t *testing.T) {
	ann, ben := open(t, "Ann"), open(t, "Ben")
	account, sent := befriend(t, ann, ben)
	at := slash.Place{With: account, Target: func(word string) (string, error) {
		switch word {
		case "", "#1":
			return sent.ID, nil
		case "#9":
			return "", &client.Error{Code: client.CodeUsage, Message: "there is no message #9"}
		}
		return "", slash.ErrNoTarget
	}}
	tried := map[string]bool{}
	for _, test := range []struct{ line, says string }{ // what it says, or ! why not
		{"/help", `(?s)/to NAME .*/quit`},
		{"/contacts", `Ben +available`},
		{"/to", `! name somebody: /to NAME`},
		{"/to ben", `^$`},
		{"/to Nobody", `! nobody .* Nobody`},
		{"/add", `! give the link: /add LINK`},
		{"/add rubbish", `! `},
		{"/link", `^truce:`},
		{"/nearby", `Nobody on this network`},
		{"/requests", `Nobody asks\.`},
		{"/accept Nobody", `! `},
		{"/accept", `! name somebody: /accept NAME`},
		{"/decline Nobody", `! `},
		{"/reply #9 x", `! there is no message #9`},
		{"/reply #1 :tada: indeed", `^$`},
		{"/edit the first, changed", `^$`},
		{"/edit #1", `! `},
		{"/react", `! say which emoji`},
		{"/react #1 :+1:", `^$`},
		{"/react no emoji at all, but very many words instead of one", `! `},
		{"/copy #1", `^the first, changed$`},
		{"/cancel #1", `! `},
		{"/nudge", `^$`},
		{"/search FIRST", `the first, changed`},
		{"/history 5", `^$`},
		{"/unread", ``},
		{"/status", `you are available`},
		{"/status busy until noon", `you are busy: until noon`},
		{"/status nonsense", `! `},
		{"/status available", `you are available`},
		{"/rename Ben Benjamin", `Benjamin`},
		{"/rename Benjamin", `! `},
		{"/rename Benjamin Ben", `Ben`},
		{"/verify", `Compare this number with Ben`},
		{"/verify Ben 00000", `! `},
		{"/profile", `Ben`},
		{"/memo Ben likes tea", `noted about Ben: likes tea`},
		{"/group Ben chess club", `Ben is in: chess, club`},
		{"/group Ben", `Ben is in: chess, club`},
		{"/group Ben -", `Ben is in: no group`},
		{"/presence Ben plain", `Ben sees of you: plain`},
		{"/presence Ben loud", `! `},
		{"/tell Ben on", `Ben`},
		{"/tell Ben perhaps", `! `},
		{"/hide Ben on", `Ben`},
		{"/hide Ben perhaps", `! `},
		{"/config notify off", `notify is now off`},
		{"/config notify loud", `! `},
		{"/config nonsense", `! `},
		{"/config", `notify`},
		{"/health", `disk`},
		{"/delete #1", `^$`},
		{"/delete #9", `! there is no message #9`},
		{"/block Ben", `Ben is blocked`},
		{"/unblock Ben", `Ben is not blocked any more`},
		{"/remove Ben", `Ben is removed`},
		{"/remove Ben", `Ben is no contact`},
		{"/quit", `^$`},
		{"/nonsense", `! there is no /nonsense`},
		{"/", `! `},
	} {
		name, _, _ := strings.Cut(strings.TrimPrefix(test.line, "/"), " ")
		r, err := slash.Run(t.Context(), ann, at, test.line)
		got := strings.Join(r.Say, "\n")
		if err != nil {
			var refused *client.Error
			if !errors.As(err, &refused) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s fails with %#v", test.line, err)
			}
			got = "! " + err.Error()
		} else {
			tried[name] = true
		}
		if !regexp.MustCompile(test.says).MatchString(got) || err != nil && !strings.HasPrefix(test.says, "!") {
			t.Errorf("%s says %q, not %s", test.line, got, test.says)
		}
	}
	for _, c := range slash.Commands() {
		if !tried[c.Name] && c.Name != "accept" && c.Name != "decline" && c.Name != "add" && c.Name != "cancel" {
			t.Errorf("/%s was not tried with success", c.Name)
		}
	}
}

// What needs a stranger: asked by a link, declined, asked again, accepted; a message
// that has not left is taken back.
func TestStrangers(t *testing.T) {
	ann, ben := open(t, "Ann"), open(t, "Ben")
	nobody := slash.Place{Target: func(string) (string, error) { return "", slash.ErrNoTarget }}
	run := func(c *client.Client, at slash.Place, line string) slash.Result {
		t.Helper()
		r, err := slash.Run(t.Context(), c, at, line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return r
	}
	link := run(ben, nobody, "/link").Say[0]
	if r := run(ann, nobody, "/add "+link); !r.Changed || !strings.Contains(r.Say[0], "Ben is asked") {
		t.Errorf("/add says %q", r.Say)
	}
	// what is written to somebody who has not answered has not left
	x, err := ann.Contact(t.Context(), "Ben")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ann.Send(t.Context(), "Ben", client.SendRequest{Text: "are you there?"})
	if err != nil {
		t.Fatal(err)
	}
	with := slash.Place{With: x.Account, Target: func(string) (string, error) { return m.ID, nil }}
	if r := run(ann, with, "/cancel"); len(r.Say) != 1 || !strings.Contains(r.Say[0], "never left") {
		t.Errorf("/cancel says %q", r.Say)
	}
	asked(t, ben)
	if r := run(ben, nobody, "/requests"); !strings.Contains(r.Say[0], "Ann asks") {
		t.Errorf("/requests says %q", r.Say)
	}
	if r := run(ben, nobody, "/accept Ann"); !r.Changed {
		t.Error("/accept changes nothing")
	}
}

func TestComplete(t *testing.T) {
	names := func(kind string) []string {
		if kind == slash.Contacts {
			return []string{"Ann", "Anna Maria", "Éva"}
		}
		return nil
	}
	for line, want := range map[string]string{
		"/q":        "/quit",
		"/re":       "/requests,/reply ,/react ,/rename ,/remove ",
		"/to a":     "/to Ann,/to Anna Maria",
		"/to Anna ": "/to Anna Maria",
		"/to é":     "/to Éva",
		"/to É":     "/to Éva",
		"/status b": "/status busy",
		"/link x":   "",
		"/nothing":  "",
	} {
		var got []string
		for _, c := range slash.Complete(line, names) {
			got = append(got, c.Line)
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%q may become %q, not %q", line, got, want)
		}
	}
}

func TestHint(t *testing.T) {
	for text, want := range map[string]string{
		"run `truce contacts` first": "run /contacts first",
		"run `truce run` first":      "run `truce run` first",
		"`truce verify ann`":         "/verify ann",
	} {
		if got := slash.Hint(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
