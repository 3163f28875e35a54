package slash

import (
	"fmt"
	"strings"
	"time"

	"github.com/truce-im/truce/cmd/internal/emoji"
	"github.com/truce-im/truce/node/api/client"
)

// target parts a word that means a message from what follows.
func (c *call) target() (id, rest string, err error) {
	word, rest, _ := strings.Cut(c.args, " ")
	id, err = c.Target(word)
	if err == ErrNoTarget && word != "" {
		rest = c.args
		id, err = c.Target("")
	}
	return id, strings.TrimSpace(rest), err
}

func history(c *call) error {
	c.out.Show, c.out.Query = PageHistory, c.args
	return nil
}

func reply(c *call) error {
	id, text, err := c.target()
	if err != nil {
		return err
	}
	if c.With == "" {
		return usage("say whom you talk to first: /to NAME")
	}
	if err := c.inConversation(id); err != nil {
		return err
	}
	m, err := c.api.Send(c.ctx, c.With, client.SendRequest{Text: emoji.Expand(text), ReplyTo: id})
	if err == nil {
		c.out.Sent = &m
	}
	return err
}

// inConversation refuses to answer in another conversation than that of a message.
func (c *call) inConversation(id string) error {
	m, err := c.api.Message(c.ctx, id)
	if err != nil || m.Conversation == c.With {
		return err
	}
	x, err := c.api.Contact(c.ctx, m.Conversation)
	if err != nil {
		return err
	}
	word, _, _ := strings.Cut(c.args, " ")
	return usage(fmt.Sprintf("%s belongs to the conversation with %s: /to %[2]s first", word, x.Name))
}

func edit(c *call) error {
	id, text, err := c.target()
	if err == nil {
		_, err = c.api.Edit(c.ctx, id, emoji.Expand(text), "")
	}
	return err
}

func remove(c *call) error {
	id, _, err := c.target()
	if err == nil {
		_, err = c.api.Delete(c.ctx, id, "")
	}
	return err
}

func react(c *call) error {
	id, sign, err := c.target()
	if err != nil {
		return err
	}
	if sign == "" {
		return usage("say which emoji: /react 👍")
	}
	_, err = c.api.React(c.ctx, id, emoji.Expand(sign), false, "")
	return err
}

func cancel(c *call) error {
	id, _, err := c.target()
	if err != nil {
		return err
	}
	if _, err = c.api.Cancel(c.ctx, id, ""); err == nil {
		c.say("taken back: it never left")
	}
	return err
}

func copyText(c *call) error {
	id, _, err := c.target()
	if err != nil {
		return err
	}
	m, err := c.api.Message(c.ctx, id)
	if err == nil {
		c.out.Copy = m.Text
		c.out.Say = strings.Split(m.Text, "\n")
	}
	return err
}

func nudge(c *call) error {
	if c.With == "" {
		return usage("say whom you talk to first: /to NAME")
	}
	_, err := c.api.Nudge(c.ctx, c.With, "")
	return err
}

func search(c *call) error {
	c.out.Query = c.args
	if c.opens(PageSearch) || c.args == "" {
		return nil
	}
	for m, err := range c.api.Search(c.ctx, client.SearchRequest{Text: c.args}) {
		if err != nil {
			return err
		}
		who := m.FromName
		if m.Out() {
			who = "you"
		}
		c.say("  %s  %s: %s", m.Time.Local().Format(time.DateOnly+" 15:04"), who, m.Text)
	}
	if len(c.out.Say) == 0 {
		c.say("nothing found")
	}
	return nil
}

func unread(c *call) error {
	if c.opens(PageUnread) {
		return nil
	}
	return contacts(c)
}
