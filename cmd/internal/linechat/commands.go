package linechat

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/truce-im/truce/node/api/client"
)

// errQuit ends the chat.
var errQuit = errors.New("quit")

// command is what a line that begins with / does.
type command struct {
	name, args, help string
	run              func(c *chat, ctx context.Context, args string) error
}

// commands is filled by init: /help lists it.
var commands []command

func init() {
	commands = []command{
		{"to", "NAME", "talk to somebody", (*chat).to},
		{"contacts", "", "list your contacts", (*chat).showContacts},
		{"history", "[N]", "show the last messages", (*chat).history},
		{"reply", "#N TEXT", "answer a message", (*chat).reply},
		{"edit", "#N TEXT", "change what you sent", (*chat).edit},
		{"delete", "#N", "take back what you sent", (*chat).delete},
		{"react", "#N EMOJI", "put an emoji on a message", (*chat).react},
		{"nudge", "", "ask whom you talk to for attention", (*chat).nudgeThem},
		{"link", "", "show your link, to give to a friend", (*chat).link},
		{"add", "LINK [NAME]", "ask the owner of a link to be your contact", (*chat).add},
		{"requests", "", "list those who ask you", (*chat).showRequests},
		{"accept", "NAME", "accept somebody who asks you", (*chat).accept},
		{"decline", "NAME", "refuse somebody who asks you", (*chat).decline},
		{"remove", "NAME", "end a contact; they are told", (*chat).remove},
		{"block", "NAME", "block somebody; they are not told", (*chat).block},
		{"unblock", "NAME", "undo that", (*chat).unblock},
		{"help", "", "this list", (*chat).help},
		{"quit", "", "leave (so does Ctrl-D)", func(*chat, context.Context, string) error { return errQuit }},
	}
}

var shellCommand = regexp.MustCompile("`truce ([a-z]+)([^`]*)`")

// hint tells a next step in commands of the chat where there are such, in place
// of those of a shell.
func hint(text string) string {
	return shellCommand.ReplaceAllStringFunc(text, func(s string) string {
		parts := shellCommand.FindStringSubmatch(s)
		for _, cmd := range commands {
			if cmd.name == parts[1] {
				return "/" + parts[1] + parts[2]
			}
		}
		return s
	})
}

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
	name, args, _ := strings.Cut(text, " ")
	for _, cmd := range commands {
		if cmd.name == name {
			return cmd.run(c, ctx, strings.TrimSpace(args))
		}
	}
	return usage("there is no /" + name + ": /help lists what there is")
}

func (c *chat) send(ctx context.Context, in client.SendRequest) error {
	if c.with == "" {
		return usage("say whom you talk to first: /to NAME")
	}
	m, err := c.api.Send(ctx, c.with, in)
	if err != nil {
		return err
	}
	c.sent, c.typed[m.ID] = m.ID, true
	c.number(m.ID)
	if x, _ := c.contact(c.with); x.Presence == "offline" && !m.Settled() {
		c.say("  #%d waits until %s is there", c.number(m.ID), c.name(c.with))
	}
	return nil
}

func (c *chat) nudgeThem(ctx context.Context, _ string) error {
	if c.with == "" {
		return usage("say whom you talk to first: /to NAME")
	}
	_, err := c.api.Nudge(ctx, c.with, "")
	return err
}

func (c *chat) to(ctx context.Context, who string) error {
	if who == "" {
		return usage("name somebody: /to NAME")
	}
	x, err := c.api.Contact(ctx, who)
	if err != nil {
		return err
	}
	return c.talkTo(ctx, x)
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

func (c *chat) showContacts(ctx context.Context, _ string) error {
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

func (c *chat) showRequests(ctx context.Context, _ string) error {
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

func (c *chat) link(ctx context.Context, _ string) error {
	link, err := c.api.Link(ctx)
	if err != nil {
		return err
	}
	c.say("%s", link)
	return nil
}

func (c *chat) add(ctx context.Context, args string) error {
	link, name, _ := strings.Cut(args, " ")
	if link == "" {
		return usage("give the link: /add LINK")
	}
	x, err := c.api.Add(ctx, client.AddRequest{Link: link, Name: strings.TrimSpace(name)})
	if err != nil {
		return err
	}
	if x.Notice != "" {
		c.say("  %s", x.Notice)
	}
	if x.State == "asked" {
		c.say("  %s is asked; you will see the answer here", x.Name)
	}
	return c.load(ctx)
}

func (c *chat) accept(ctx context.Context, who string) error {
	if who == "" {
		return usage("name somebody: /accept NAME")
	}
	x, err := c.api.Accept(ctx, who, "")
	if err == nil && x.Notice != "" {
		c.say("  %s", x.Notice)
	}
	return err
}

func (c *chat) decline(ctx context.Context, who string) error {
	if who == "" {
		return usage("name somebody: /decline NAME")
	}
	x, err := c.api.Decline(ctx, who)
	if err == nil {
		c.say("  %s is declined", x.Name)
	}
	return err
}

func (c *chat) remove(ctx context.Context, who string) error {
	return c.turn(ctx, "remove", who, "is removed", c.api.Remove)
}

func (c *chat) block(ctx context.Context, who string) error {
	return c.turn(ctx, "block", who, "is blocked", c.api.Block)
}

func (c *chat) unblock(ctx context.Context, who string) error {
	return c.turn(ctx, "unblock", who, "is not blocked any more", c.api.Unblock)
}

// turn changes how somebody stands, by do.
func (c *chat) turn(ctx context.Context, command, who, done string, do func(context.Context, string) (client.Changed, error)) error {
	if who == "" {
		return usage("name somebody: /" + command + " NAME")
	}
	x, err := do(ctx, who)
	if err != nil {
		return err
	}
	if x.Notice != "" {
		c.say("  %s", x.Notice)
	}
	c.say("  %s %s", x.Name, done)
	return c.load(ctx)
}

// numbered parts "#N rest" and finds the id of the message.
func (c *chat) numbered(args string) (id, rest string, err error) {
	number, rest, _ := strings.Cut(args, " ")
	n, err := strconv.Atoi(strings.TrimPrefix(number, "#"))
	if err != nil || n < 1 || n > len(c.shown) {
		return "", "", usage("name a message by the number before it, such as #3")
	}
	return c.shown[n-1].id, strings.TrimSpace(rest), nil
}

func (c *chat) reply(ctx context.Context, args string) error {
	id, text, err := c.numbered(args)
	if err != nil {
		return err
	}
	n := c.numbers[id]
	if other := c.shown[n-1].conversation; other != c.with {
		return usage(fmt.Sprintf("#%d belongs to the conversation with %s: /to %[2]s first", n, c.name(other)))
	}
	return c.send(ctx, client.SendRequest{Text: text, ReplyTo: id})
}

func (c *chat) edit(ctx context.Context, args string) error {
	id, text, err := c.numbered(args)
	if err == nil {
		_, err = c.api.Edit(ctx, id, text, "")
	}
	return err
}

func (c *chat) delete(ctx context.Context, args string) error {
	id, _, err := c.numbered(args)
	if err == nil {
		_, err = c.api.Delete(ctx, id, "")
	}
	return err
}

func (c *chat) react(ctx context.Context, args string) error {
	id, emoji, err := c.numbered(args)
	if err == nil {
		_, err = c.api.React(ctx, id, emoji, false, "")
	}
	return err
}

func (c *chat) help(context.Context, string) error {
	c.say("What you type goes to the person in front of the >. Besides that:")
	for _, cmd := range commands {
		c.say("  /%-22s %s", cmd.name+" "+cmd.args, cmd.help)
	}
	return nil
}
