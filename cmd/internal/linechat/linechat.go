// Package linechat is the plain chat of a terminal: lines typed go to the
// person one talks to, and what happens is printed above the prompt.
//
// One goroutine, that of Run, owns all state; two others only feed it, one with
// typed lines and one with the node's events. It knows the node by the local
// API alone.
package linechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/truce-im/truce/cmd/internal/slash"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// Terminal is where the chat takes place. Write prints above the prompt and is
// safe while ReadLine waits. ReadLine returns io.EOF when the user leaves. Keyed
// gets what stands in a line that is not finished, the newest alone.
type Terminal interface {
	io.Writer
	ReadLine() (string, error)
	SetPrompt(string)
	Keyed() <-chan string
}

// ErrStopped says that the node ended.
var ErrStopped = errors.New("the node was stopped")

// chat is the state of one run.
type chat struct {
	api      *client.Client
	term     Terminal
	me       string // my account
	contacts []client.Contact
	with     string // account of whom I talk to; empty: nobody yet

	numbers map[string]int       // of messages shown in this run, by id
	shown   []shown              // by number - 1
	sent    string               // id of what I said last
	typed   map[string]bool      // ids of what stands on the screen as it was typed
	asking  map[string]bool      // accounts whose request was told of
	rang    string               // id of the nudge that rang last
	writing map[string]time.Time // when it was told that somebody writes, by account
	typing  time.Time            // when it was told last that I write; zero: I do not
	active  time.Time            // when the node was told last that somebody is here

	// told is by account what was last told of them. Comparing with contacts
	// would lose changes: those may be ahead of the events.
	told map[string]client.Contact
}

// shown is a message that has a number on the screen.
type shown struct{ id, conversation string }

// Run chats until the user leaves, ctx ends or the node stops. It returns nil
// for the first two. The goroutine that waits for a line may outlive it, until
// ReadLine returns.
func Run(ctx context.Context, api *client.Client, t Terminal) error {
	c := &chat{
		api: api, term: t,
		numbers: map[string]int{}, typed: map[string]bool{}, asking: map[string]bool{},
		writing: map[string]time.Time{}, told: map[string]client.Contact{},
	}
	ctx, cancel := context.WithCancel(ctx)
	events, eventsEnded := c.follow(ctx)
	defer func() {
		cancel()
		<-eventsEnded
	}()
	lines := readLines(ctx, t)

	if err := c.open(ctx); err != nil {
		return ended(ctx, err)
	}
	for {
		var err error
		select {
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			c.touch(ctx)
			c.pause(ctx)
			err = c.line(ctx, line)
		case line := <-t.Keyed():
			c.keyed(ctx, line)
		case e, ok := <-events:
			if !ok {
				return ended(ctx, ErrStopped)
			}
			err = c.event(ctx, e)
		case <-ctx.Done():
			return nil
		}
		if err == errQuit {
			return nil
		}
		if err := c.tell(ctx, err); err != nil {
			return err
		}
	}
}

// ended drops errors that only come of leaving.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	if errors.Is(err, client.ErrUnreachable) {
		return ErrStopped
	}
	return err
}

// tell prints what was refused, and returns what the chat cannot go on after.
func (c *chat) tell(ctx context.Context, err error) error {
	var refused *client.Error
	if errors.As(err, &refused) && refused.Code != client.CodeUnavailable {
		c.say("! %s", refused.Message)
		if refused.Hint != "" {
			c.say("  %s", slash.Hint(refused.Hint))
		}
		return nil
	}
	if err != nil {
		return ended(ctx, err)
	}
	return nil
}

// follow feeds the node's events from now on. Both channels close when it ends.
func (c *chat) follow(ctx context.Context) (<-chan client.Event, <-chan struct{}) {
	events, done := make(chan client.Event), make(chan struct{})
	go func() {
		defer close(done)
		defer close(events)
		for e, err := range c.api.Events(ctx, "") {
			if err != nil {
				return
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, done
}

// readLines feeds what is typed. The channel closes when the user leaves.
func readLines(ctx context.Context, t Terminal) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for {
			line, err := t.ReadLine()
			if err != nil {
				return
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// open shows who is there, and begins to talk if there is but one contact.
func (c *chat) open(ctx context.Context) error {
	id, err := c.api.ID(ctx)
	if err != nil {
		return err
	}
	c.me = id.Account
	c.touch(ctx)
	if err := c.load(ctx); err != nil {
		return err
	}
	for _, x := range c.contacts {
		c.told[x.Account] = x
	}
	c.prompt()
	if err := c.showContacts(ctx); err != nil {
		return err
	}
	if err := c.showRequests(ctx); err != nil {
		return err
	}
	if len(c.contacts) == 1 {
		return c.talkTo(ctx, c.contacts[0])
	}
	return nil
}

// touch tells the node that somebody is here, at most once a minute. Whether it
// is gone the next request shows.
func (c *chat) touch(ctx context.Context) {
	if time.Since(c.active) >= time.Minute {
		c.active = time.Now()
		c.api.Active(ctx)
	}
}

// load reads the contacts anew.
func (c *chat) load(ctx context.Context) (err error) {
	c.contacts, err = c.api.Contacts(ctx)
	return err
}

func (c *chat) contact(account string) (client.Contact, bool) {
	for _, x := range c.contacts {
		if x.Account == account {
			return x, true
		}
	}
	return client.Contact{}, false
}

func (c *chat) name(account string) string {
	if account == c.me {
		return "you"
	}
	if x, ok := c.contact(account); ok {
		return x.Name
	}
	return account[:min(len(account), 8)]
}

func (c *chat) prompt() {
	if c.with == "" {
		c.term.SetPrompt("> ")
		return
	}
	c.term.SetPrompt(term.Printable(c.name(c.with)) + "> ")
}

// say prints one line; whatever others wrote in it is made printable.
func (c *chat) say(format string, args ...any) {
	fmt.Fprintln(c.term, term.Printable(fmt.Sprintf(format, args...)))
}
