package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// Layouts of times for people.
const (
	dateTime = "2006-01-02 15:04"
	shortID  = 8 // digits of a message id that are shown
)

// printMessage prints one message; to names the other side of one of mine.
func (a *app) printMessage(m client.Message, to string) error {
	if a.json {
		return a.row(m)
	}
	return a.printf("%s\n", messageText(m, to))
}

// printMessages prints many, and tells by name to whom mine went.
func (a *app) printMessages(ctx context.Context, s session, list []client.Message) error {
	to := a.recipients(ctx, s)
	for _, m := range list {
		if err := a.printMessage(m, to(m)); err != nil {
			return err
		}
	}
	return nil
}

// recipients returns what tells to whom a message of mine went, by name also if
// they are a contact no more. It asks once for each person; for programs, who
// get accounts, it asks nothing.
func (a *app) recipients(ctx context.Context, s session) func(client.Message) string {
	names := map[string]string{}
	return func(m client.Message) string {
		if a.json || !m.Out() {
			return ""
		}
		account := m.Conversation
		if names[account] == "" {
			names[account] = account[:min(shortID, len(account))]
			if c, err := s.Contact(ctx, account); err == nil {
				names[account] = c.Name
			}
		}
		return names[account]
	}
}

// messageText is a message for people: when, which, who, what, how far.
func messageText(m client.Message, to string) string {
	if m.Notice != "" {
		return stamp(m) + "* " + term.Printable(m.Text)
	}
	if m.Nudge {
		return stamp(m) + nudgeText(m, to) + tail(m)
	}
	return messageHead(m, to) + term.PrintableText(bodyText(m), "    ") + tail(m)
}

// messageHead is the beginning of that: when, which, who.
func messageHead(m client.Message, to string) string {
	who := m.FromName
	if m.Out() {
		who = "you to " + to
	}
	return stamp(m) + term.Printable(who) + ": "
}

// stamp tells when a message was written, and which it is.
func stamp(m client.Message) string {
	return fmt.Sprintf("%s  %s  ", local(m.Time, dateTime), m.ID[:min(shortID, len(m.ID))])
}

func nudgeText(m client.Message, to string) string {
	if m.Out() {
		return "you nudge " + term.Printable(to)
	}
	return term.Printable(m.FromName) + " nudges you"
}

func bodyText(m client.Message) string {
	if m.Deleted {
		return "(deleted)"
	}
	return m.Text
}

// tail tells what was done to a message and how far it got.
func tail(m client.Message) string {
	var marks []string
	if m.Auto {
		marks = append(marks, "by itself")
	}
	if m.ReplyTo != "" {
		marks = append(marks, "reply to "+m.ReplyTo[:min(shortID, len(m.ReplyTo))])
	}
	if m.Edited && !m.Deleted {
		marks = append(marks, "edited")
	}
	for _, emoji := range slices.Sorted(maps.Keys(m.Reactions)) {
		marks = append(marks, fmt.Sprintf("%s %d", term.Printable(emoji), len(m.Reactions[emoji])))
	}
	if m.Out() {
		marks = append(marks, stateText(m))
	}
	if len(marks) == 0 {
		return ""
	}
	return "  [" + strings.Join(marks, ", ") + "]"
}

// stateText tells how far a message of mine got.
func stateText(m client.Message) string {
	text := m.State
	switch m.State {
	case "delivered":
		text += " ✓"
	case "read":
		text += " ✓✓"
	}
	if m.Why != "" {
		text += ": " + term.Printable(m.Why)
	}
	return text
}
