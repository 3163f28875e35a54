// Package slash is what lines that begin with / do in a chat: the same commands
// for every face. It knows the node by the API's client alone, and the face by a
// Place. It is safe for concurrent use.
package slash

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/truce-im/truce/node/api/client"
)

// Place is where a command is given.
type Place struct {
	With  string // account of whom one talks to; "": nobody
	Pages bool   // the face opens every page itself: nothing is asked for what Say would tell of one

	// Target finds the message that a word such as #3 means; "" is the one that
	// is chosen, or else the newest. ErrNoTarget: the word means no message.
	Target func(word string) (id string, err error)
}

// ErrNoTarget says that a word is not there to mean a message.
var ErrNoTarget = errors.New("the word means no message")

// Result is what a command did. Say tells it in full; a face that has the page
// that Show names opens it instead.
type Result struct {
	Say     []string // lines, not yet printable
	Talk    string   // account to talk to from now on
	Sent    *client.Message
	Changed bool   // contacts or requests are others now
	Show    string // PageHelp and the like
	Query   string // what PageSearch looks for, how many PageHistory shows, the account of PageContact
	Copy    string // for the clipboard
	Quit    bool
}

// Pages that a face may have.
const (
	PageHelp     = "help"
	PageSearch   = "search"
	PageSettings = "settings"
	PageHealth   = "health"
	PageUnread   = "unread"
	PageHistory  = "history"
	PageLink     = "link"
	PageNearby   = "nearby"
	PageContact  = "contact"
)

// Command is one of the commands, for help.
type Command struct {
	Name, Args, Help string
	names            string // kind of names that the first argument is one of
	run              func(*call) error
}

// call is one command on its way.
type call struct {
	Place
	ctx  context.Context
	api  *client.Client
	args string
	out  Result
}

// table is filled by init: help lists it.
var table []Command

func init() {
	table = []Command{
		{"to", "NAME", "talk to somebody", Contacts, to},
		{"contacts", "", "list your contacts", "", contacts},
		{"add", "LINK [NAME]", "ask the owner of a link, or somebody nearby, to be your contact", Nearby, add},
		{"link", "", "show your link, to give to a friend", "", link},
		{"nearby", "", "list people on your network who let themselves be seen", "", nearby},
		{"requests", "", "list those who ask you", "", requests},
		{"accept", "NAME", "accept somebody who asks you", Requests, accept},
		{"decline", "NAME", "refuse somebody who asks you", Requests, decline},
		{"reply", "[#N] TEXT", "answer a message", "", reply},
		{"edit", "[#N] TEXT", "change what you sent", "", edit},
		{"delete", "[#N]", "take back what you sent", "", remove},
		{"react", "[#N] EMOJI", "put an emoji on a message", "", react},
		{"copy", "[#N]", "copy a message", "", copyText},
		{"cancel", "[#N]", "take back what has not left yet", "", cancel},
		{"nudge", "", "ask whom you talk to for attention", "", nudge},
		{"search", "TEXT", "find messages", "", search},
		{"history", "[N]", "show the last messages", "", history},
		{"unread", "", "go to what was unread", "", unread},
		{"status", "[STATE [TEXT]]", "show or say how you are there: available, away, busy, invisible", states, status},
		{"rename", "NAME NEW", "call a contact something else", Contacts, rename},
		{"verify", "[NAME] [NUMBER]", "show the safety number to compare, or confirm it", Contacts, verify},
		{"profile", "[NAME]", "what somebody says of themselves", Contacts, profile},
		{"memo", "NAME TEXT", "note something about a contact, for yourself", Contacts, memo},
		{"group", "NAME [GROUP…]", "show or set the groups of a contact; a - is none", Contacts, group},
		{"presence", "NAME full|plain|none", "how much they see of you", Contacts, presence},
		{"tell", "NAME on|off", "be told when they come", Contacts, tell},
		{"hide", "NAME on|off", "hide from them where you are", Contacts, hide},
		{"remove", "NAME", "end a contact; they are told", Contacts, removeContact},
		{"block", "NAME", "block somebody; they are not told", Contacts, block},
		{"unblock", "NAME", "undo that", Contacts, unblock},
		{"config", "[NAME [VALUE]]", "show or change settings", Settings, config},
		{"health", "", "how the node is", "", health},
		{"help", "", "this list", "", help},
		{"quit", "", "leave", "", func(c *call) error { c.out.Quit = true; return nil }},
	}
}

// Commands returns all commands, in the order in which help shows them.
func Commands() []Command { return table }

// Run does what a line says that begins with /. Errors are those of the API, and
// a *client.Error with client.CodeUsage for what cannot be understood.
func Run(ctx context.Context, api *client.Client, at Place, line string) (Result, error) {
	name, args, _ := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	for _, cmd := range table {
		if cmd.Name == name {
			c := &call{Place: at, ctx: ctx, api: api, args: strings.TrimSpace(args)}
			err := cmd.run(c)
			return c.out, err
		}
	}
	return Result{}, usage("there is no /" + name + ": /help lists what there is")
}

func usage(text string) error { return &client.Error{Code: client.CodeUsage, Message: text} }

var shellCommand = regexp.MustCompile("`truce ([a-z]+)([^`]*)`")

// Hint tells a next step in commands of the chat where there are such, in place
// of those of a shell.
func Hint(text string) string {
	return shellCommand.ReplaceAllStringFunc(text, func(s string) string {
		parts := shellCommand.FindStringSubmatch(s)
		for _, cmd := range table {
			if cmd.Name == parts[1] {
				return "/" + parts[1] + parts[2]
			}
		}
		return s
	})
}
