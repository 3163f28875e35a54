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

// printMessage prints one message; to names the other side, if it is known.
func (a *app) printMessage(m client.Message, to string) error {
	if a.json {
		return a.row(m)
	}
	return a.printf("%s\n", messageText(m, to))
}

// printMessages prints many, and tells by name to whom mine went.
func (a *app) printMessages(ctx context.Context, s session, list []client.Message) error {
	names := map[string]string{}
	if !a.json {
		contacts, err := s.Contacts(ctx)
		if err != nil {
			return err
		}
		for _, c := range contacts {
			names[c.Account] = c.Name
		}
	}
	for _, m := range list {
		if err := a.printMessage(m, names[m.Conversation]); err != nil {
			return err
		}
	}
	return nil
}

// messageText is a message for people: when, which, who, what, how far.
func messageText(m client.Message, to string) string {
	if m.Notice != "" {
		return fmt.Sprintf("%s  %s  * %s", local(m.Time, dateTime), m.ID[:min(shortID, len(m.ID))], term.Printable(m.Text))
	}
	return messageHead(m, to) + term.PrintableText(bodyText(m), "    ") + tail(m)
}

// messageHead is the beginning of that: when, which, who.
func messageHead(m client.Message, to string) string {
	who := m.FromName
	if m.Out() {
		who = "you"
		if to != "" {
			who += " to " + to
		}
	}
	return fmt.Sprintf("%s  %s  %s: ", local(m.Time, dateTime), m.ID[:min(shortID, len(m.ID))], term.Printable(who))
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
