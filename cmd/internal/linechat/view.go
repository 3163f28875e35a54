package linechat

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// event shows one thing that happened.
func (c *chat) event(ctx context.Context, e client.Event) error {
	switch e.Event {
	case client.EventMessage:
		if e.Nudges() && e.Message.ID != c.rang {
			c.rang = e.Message.ID
			fmt.Fprint(c.term, "\a")
		}
		delete(c.writing, e.Message.From)
		return c.message(ctx, *e.Message)
	case client.EventState:
		c.tick(*e.Message)
	case client.EventContact:
		return c.contactChanged(ctx, *e.Contact)
	case client.EventPresence:
		c.comes(*e.Contact, e.Tell)
	case client.EventTyping:
		c.writes(*e.Contact)
	}
	return nil
}

// writes tells that somebody writes, once until their message comes, or until
// they write again after a while.
func (c *chat) writes(x client.Contact) {
	const while = time.Minute
	if x.Typing && time.Since(c.writing[x.Account]) >= while {
		c.writing[x.Account] = time.Now()
		c.say("  %s is writing…", x.Name)
	}
}

// message shows a message that is new or was changed.
func (c *chat) message(ctx context.Context, m client.Message) error {
	number, known := c.numbers[m.ID]
	switch {
	case c.typed[m.ID]:
		delete(c.typed, m.ID)
		c.tick(m)
		return nil
	case known && m.Deleted:
		c.say("  #%d was deleted", number)
		return nil
	}
	if c.with == "" && !m.Out() {
		c.with = m.Conversation
		c.prompt()
	}
	if m.Conversation != c.with {
		if !m.Out() {
			what := c.name(m.Conversation) + ": " + firstLine(m)
			if m.Nudge {
				what = c.nudge(m)
			}
			c.say("* %s   (/to %s)", what, c.name(m.Conversation))
		}
		return nil
	}
	c.show(m)
	if m.Out() || m.State == "read" {
		return nil
	}
	_, err := c.api.Read(ctx, m.Conversation, m.ID)
	return err
}

// show prints a message whole, under a number that commands can name.
func (c *chat) show(m client.Message) {
	if m.Notice != "" {
		c.say("%s * %s", m.Time.Local().Format("15:04"), m.Text)
		return
	}
	text := m.Text
	if m.Deleted {
		text = "(deleted)"
	}
	reply := ""
	if m.ReplyTo != "" {
		reply = " (to an earlier message)"
		if n, ok := c.numbers[m.ReplyTo]; ok {
			reply = fmt.Sprintf(" (to #%d)", n)
		}
	}
	if m.Nudge {
		c.say("%s #%d %s%s", m.Time.Local().Format("15:04"), c.number(m.ID), c.nudge(m), c.marks(m))
		return
	}
	fmt.Fprintf(c.term, "%s #%d %s%s: %s%s\n",
		m.Time.Local().Format("15:04"), c.number(m.ID), term.Printable(c.name(m.From)), reply,
		term.PrintableText(text, "      "), c.marks(m))
}

// nudge says who nudges whom.
func (c *chat) nudge(m client.Message) string {
	if m.Out() {
		return "you nudge " + c.name(m.Conversation)
	}
	return c.name(m.From) + " nudges you"
}

// marks tells what was done to a message and how far it got.
func (c *chat) marks(m client.Message) string {
	var list []string
	if m.Auto {
		list = append(list, "by itself")
	}
	if m.Edited && !m.Deleted {
		list = append(list, "edited")
	}
	for _, emoji := range slices.Sorted(maps.Keys(m.Reactions)) {
		var names []string
		for _, account := range m.Reactions[emoji] {
			names = append(names, c.name(account))
		}
		list = append(list, term.Printable(emoji+" "+strings.Join(names, ", ")))
	}
	if m.Out() {
		list = append(list, state(m))
	}
	if len(list) == 0 {
		return ""
	}
	return "  [" + strings.Join(list, "; ") + "]"
}

func state(m client.Message) string {
	text := map[string]string{"delivered": "✓", "read": "✓✓"}[m.State]
	if text == "" {
		text = m.State
	}
	if m.Why != "" {
		text += ": " + term.Printable(m.Why)
	}
	return text
}

// tick tells how far a message of mine got. That a message was read is told of
// the last one only: it holds for those before it.
func (c *chat) tick(m client.Message) {
	n, known := c.numbers[m.ID]
	if !m.Out() || !known {
		return
	}
	switch {
	case m.State == "delivered":
		c.say("  ✓ #%d delivered", n)
	case m.State == "read" && m.ID == c.sent:
		c.say("  ✓✓ #%d read", n)
	case m.State == "failed":
		c.say("! #%d was not delivered: %s", n, m.Why)
	}
}

// contactChanged tells of a request, an answer, or somebody who comes or goes.
func (c *chat) contactChanged(ctx context.Context, now client.Contact) error {
	before, known := c.told[now.Account]
	c.told[now.Account] = now
	if err := c.load(ctx); err != nil {
		return err
	}
	c.prompt()
	switch {
	case now.State == "requested":
		if c.asking[now.Account] {
			return nil
		}
		c.asking[now.Account] = true
		c.say("* %s asks to be your contact   (/accept %s or /decline %s)", now.Name, now.Name, now.Name)
	case now.State == "accepted" && (!known || before.State != "accepted"):
		c.say("* %s is your contact now", now.Name)
		if c.with == "" {
			return c.talkTo(ctx, now)
		}
	case now.State == "declined" && known && before.State == "asked":
		c.say("* %s declined", now.Name)
	case now.State == "declined" && known && before.State == "accepted":
		c.say("* %s is no contact of yours any more", now.Name)
	case now.Why != "" && before.Why == "":
		c.say("* %s: %s", now.Name, now.Why)
	}
	return nil
}

// comes tells how somebody is there now: who is talked to, and those of whom it
// was asked.
func (c *chat) comes(now client.Contact, tell bool) {
	before := c.told[now.Account]
	c.told[now.Account] = now
	if i := slices.IndexFunc(c.contacts, func(x client.Contact) bool { return x.Account == now.Account }); i >= 0 {
		c.contacts[i] = now
	}
	switch {
	case tell:
		fmt.Fprintf(c.term, "* %s is here\a\n", term.Printable(now.Name))
	case now.Account == c.with && how(before) != how(now):
		c.say("* %s is %s", now.Name, how(now))
	}
}

// how says how somebody is there: in their own words, too.
func how(x client.Contact) string {
	if x.Status == "" {
		return x.Presence
	}
	return x.Presence + ": " + term.Brief(x.Status, 60)
}

// number is the number of a message of the current conversation, a new one at
// first.
func (c *chat) number(id string) int {
	if c.numbers[id] == 0 {
		c.shown = append(c.shown, shown{id, c.with})
		c.numbers[id] = len(c.shown)
	}
	return c.numbers[id]
}

// firstLine is as much of a message as fits beside others.
func firstLine(m client.Message) string {
	const most = 60
	line, _, more := strings.Cut(m.Text, "\n")
	if text := []rune(line); len(text) > most {
		line, more = string(text[:most]), true
	}
	if more {
		line += "…"
	}
	return line
}
