package linechat

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/truce-im/truce/cmd/internal/emoji"
	"github.com/truce-im/truce/cmd/internal/slash"
	"github.com/truce-im/truce/node/api/client"
)

// errQuit ends the chat.
var errQuit = errors.New("quit")

func usage(text string) error {
	return &client.Error{Code: client.CodeUsage, Message: text}
}

// line does what was typed: a command, or words for the current contact. Words
// that begin with / are typed with two.
func (c *chat) line(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	text, isCommand := strings.CutPrefix(line, "/")
	if line == "" {
		return nil
	}
	if !isCommand || strings.HasPrefix(text, "/") {
		return c.send(ctx, client.SendRequest{Text: text})
	}
	r, err := slash.Run(ctx, c.api, slash.Place{With: c.with, Target: c.target}, line)
	if err != nil {
		return err
	}
	return c.did(ctx, r)
}

// did shows what a command did.
func (c *chat) did(ctx context.Context, r slash.Result) error {
	for _, text := range r.Say {
		c.say("  %s", strings.TrimPrefix(text, "  "))
	}
	if r.Sent != nil {
		c.noteSent(*r.Sent)
	}
	if r.Changed {
		if err := c.load(ctx); err != nil {
			return err
		}
	}
	switch {
	case r.Quit:
		return errQuit
	case r.Show == slash.PageHistory:
		return c.history(ctx, r.Query)
	case r.Talk != "" && r.Talk != c.with:
		x, err := c.api.Contact(ctx, r.Talk)
		if err != nil {
			return err
		}
		return c.talkTo(ctx, x)
	}
	return nil
}

// target finds a message by the number before it.
func (c *chat) target(word string) (id string, err error) {
	n, err := strconv.Atoi(strings.TrimPrefix(word, "#"))
	if err != nil || n < 1 || n > len(c.shown) {
		return "", usage("name a message by the number before it, such as #3")
	}
	return c.shown[n-1].id, nil
}

func (c *chat) send(ctx context.Context, in client.SendRequest) error {
	if c.with == "" {
		return usage("say whom you talk to first: /to NAME")
	}
	in.Text = emoji.Expand(in.Text)
	m, err := c.api.Send(ctx, c.with, in)
	if err == nil {
		c.noteSent(m)
	}
	return err
}

// noteSent gives a number to what was just written.
func (c *chat) noteSent(m client.Message) {
	c.sent, c.typed[m.ID] = m.ID, true
	c.number(m.ID)
	if x, _ := c.contact(c.with); x.Presence == "offline" && !m.Settled() {
		c.say("  #%d waits until %s is there", c.number(m.ID), c.name(c.with))
	}
}

// enough is how many messages are shown when a conversation is taken up, and
// screenful how many at most where more are unread.
const (
	enough    = 10
	screenful = 50
)

func (c *chat) talkTo(ctx context.Context, x client.Contact) error {
	c.with = x.Account
	c.prompt()
	c.say("— %s —", x.Name)
	return c.showHistory(ctx, int(min(max(enough, x.Unread), screenful)))
}

func (c *chat) showHistory(ctx context.Context, n int) error {
	list, err := c.api.History(ctx, c.with, client.HistoryRequest{N: n})
	if err != nil {
		return err
	}
	for _, m := range list {
		c.show(m)
	}
	if len(list) == 0 {
		return nil
	}
	_, err = c.api.Read(ctx, c.with, list[len(list)-1].ID)
	return err
}

func (c *chat) history(ctx context.Context, args string) error {
	n := screenful
	if args != "" {
		var err error
		if n, err = strconv.Atoi(args); err != nil || n < 1 || n > client.MaxHistory {
			return usage("say how many: /history 20")
		}
	}
	if c.with == "" {
		return usage("say whom you talk to first: /to NAME")
	}
	return c.showHistory(ctx, n)
}

func (c *chat) showContacts(ctx context.Context) error {
	if err := c.load(ctx); err != nil {
		return err
	}
	if len(c.contacts) == 0 {
		c.say("You have no contacts yet. Give your link (/link) to a friend, or /add theirs.")
	}
	for _, x := range c.contacts {
		unread := ""
		if x.Unread > 0 {
			unread = strconv.FormatUint(x.Unread, 10) + " unread"
		}
		what := how(x)
		if x.State != "accepted" {
			what = x.State
		}
		c.say("  %-20s %-10s %s", x.Name, what, unread)
	}
	return nil
}

func (c *chat) showRequests(ctx context.Context) error {
	list, err := c.api.Requests(ctx)
	if err != nil {
		return err
	}
	for _, r := range list {
		c.asking[r.Account] = true
		name := r.Name
		if name == "" {
			name = r.Account
		}
		note := ""
		if r.Note != "" {
			note = ": " + r.Note
		}
		c.say("* %s asks to be your contact%s   (/accept %s or /decline %s)", name, note, name, name)
	}
	return nil
}
