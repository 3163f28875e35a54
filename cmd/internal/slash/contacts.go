package slash

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/truce-im/truce/node/api/client"
)

func (c *call) say(format string, args ...any) {
	c.out.Say = append(c.out.Say, fmt.Sprintf(format, args...))
}

// opens has the face show a page, and reports whether that is all there is to do.
func (c *call) opens(page string) bool {
	c.out.Show = page
	return c.Pages
}

// named asks the user to name somebody.
func (c *call) named(command string) error {
	if c.args == "" {
		return usage("name somebody: /" + command + " NAME")
	}
	return nil
}

// who parts a name, which may hold spaces, from what follows it. Where none is
// named it is whom one talks to.
func (c *call) who() (account, rest string, err error) {
	list, err := c.api.Contacts(c.ctx)
	if err != nil {
		return "", "", err
	}
	length := -1
	for _, x := range list {
		for _, name := range []string{x.Name, x.Account} {
			n := len(name)
			if n > length && len(c.args) >= n && strings.EqualFold(c.args[:n], name) && (len(c.args) == n || c.args[n] == ' ') {
				account, rest, length = x.Account, strings.TrimSpace(c.args[n:]), n
			}
		}
	}
	switch {
	case account != "":
		return account, rest, nil
	case c.With != "":
		return c.With, c.args, nil
	}
	return "", "", usage("name somebody")
}

func to(c *call) error {
	if err := c.named("to"); err != nil {
		return err
	}
	x, err := c.api.Contact(c.ctx, c.args)
	c.out.Talk = x.Account
	return err
}

func contacts(c *call) error {
	list, err := c.api.Contacts(c.ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.say("You have no contacts yet. Give your link (/link) to a friend, or /add theirs.")
	}
	for _, x := range list {
		what := x.Presence
		if x.Status != "" {
			what += ": " + x.Status
		}
		if x.State != "accepted" {
			what = x.State
		}
		unread := ""
		if x.Unread > 0 {
			unread = fmt.Sprintf("  %d unread", x.Unread)
		}
		c.say("  %-20s %s%s", x.Name, what, unread)
	}
	return nil
}

func add(c *call) error {
	link, name, _ := strings.Cut(c.args, " ")
	if link == "" {
		return usage("give the link: /add LINK")
	}
	x, err := c.api.Add(c.ctx, client.AddRequest{Link: link, Name: strings.TrimSpace(name)})
	if err != nil {
		return err
	}
	c.noticed(x)
	if x.State == "asked" {
		c.say("%s is asked; you will see the answer here", x.Name)
	}
	return nil
}

// noticed tells what a change to a contact brought with it.
func (c *call) noticed(x client.Changed) {
	c.out.Changed = true
	if x.Notice != "" {
		c.say("%s", x.Notice)
	}
}

func link(c *call) error {
	if c.opens(PageLink) {
		return nil
	}
	text, err := c.api.Link(c.ctx)
	if err != nil {
		return err
	}
	c.say("%s", text)
	c.out.Copy = text
	return nil
}

func nearby(c *call) error {
	if c.opens(PageNearby) {
		return nil
	}
	list, err := c.api.Nearby(c.ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.say("Nobody on this network lets themselves be seen. /config nearby true shows you to them.")
	}
	for _, x := range list {
		c.say("  %-20s /add %s", x.Name, cmp.Or(x.Name, x.Account))
	}
	return nil
}

func requests(c *call) error {
	list, err := c.api.Requests(c.ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.say("Nobody asks.")
	}
	for _, r := range list {
		name, note := cmp.Or(r.Name, r.Account), ""
		if r.Note != "" {
			note = ": " + r.Note
		}
		c.say("  %s asks to be your contact%s   (/accept %s or /decline %s)", name, note, name, name)
	}
	return nil
}

func accept(c *call) error {
	if err := c.named("accept"); err != nil {
		return err
	}
	x, err := c.api.Accept(c.ctx, c.args, "")
	if err == nil {
		c.noticed(x)
	}
	return err
}

func decline(c *call) error {
	if err := c.named("decline"); err != nil {
		return err
	}
	x, err := c.api.Decline(c.ctx, c.args)
	if err == nil {
		c.out.Changed = true
		c.say("%s is declined", x.Name)
	}
	return err
}

func removeContact(c *call) error { return c.turn("remove", "is removed", c.api.Remove) }
func block(c *call) error         { return c.turn("block", "is blocked", c.api.Block) }
func unblock(c *call) error       { return c.turn("unblock", "is not blocked any more", c.api.Unblock) }

// turn changes how somebody stands. They must be named: to end what one has with
// whoever is in front is too easily done.
func (c *call) turn(command, done string, do func(context.Context, string) (client.Changed, error)) error {
	if err := c.named(command); err != nil {
		return err
	}
	x, err := do(c.ctx, c.args)
	if err != nil {
		return err
	}
	c.noticed(x)
	c.say("%s %s", x.Name, done)
	return nil
}

func rename(c *call) error {
	account, name, err := c.who()
	if err != nil {
		return err
	}
	if name == "" {
		return usage("say the new name: /rename NAME NEW")
	}
	x, err := c.api.Rename(c.ctx, account, name, "")
	if err == nil {
		c.out.Changed = true
		c.say("now called %s", x.Name)
	}
	return err
}

func verify(c *call) error {
	account, number, err := c.who()
	if err != nil {
		return err
	}
	x, err := c.api.Contact(c.ctx, account)
	if err != nil {
		return err
	}
	var s client.Safety
	if number == "" {
		s, err = c.api.Safety(c.ctx, account)
	} else {
		s, err = c.api.Verify(c.ctx, account, number)
	}
	if err != nil {
		return err
	}
	c.out.Changed = true
	if number == "" {
		c.out.Show, c.out.Query = PageContact, account
	}
	if s.Verified {
		c.say("%s is verified: %s", x.Name, s.Number)
	} else {
		c.say("Compare this number with %s, by voice or face to face: %s", x.Name, s.Number)
		c.say("If it is the same on both sides: /verify %s %s", x.Name, s.Number)
	}
	return nil
}
