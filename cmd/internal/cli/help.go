package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// groups is the order in which help and the man page show the commands. What
// stands in none of them comes last.
var groups = []struct{ title, commands string }{
	{"Your account", "init id profile link phrase passphrase backup restore device"},
	{"People", "nearby add requests accept decline contacts rename verify status presence tell hide group memo remove block unblock"},
	{"Messages", "send nudge show wait outbox cancel history search edit delete react read watch export"},
	{"The node", "run stop peers doctor config compact"},
}

// group sorts the commands of root into groups.
func group(root *cobra.Command) {
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, name := range strings.Fields(g.commands) {
			if cmd := child(root, name); cmd != nil {
				cmd.GroupID = g.title
			}
		}
	}
}

func child(parent *cobra.Command, name string) *cobra.Command {
	for _, cmd := range parent.Commands() {
		if cmd.Name() == name {
			return cmd
		}
	}
	return nil
}

// helpCommand replaces cobra's, which does not fail for an unknown command.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "explains a command",
		Example: `  truce help send
  truce send --help`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			switch {
			case err != nil || cmd == root && len(rest) > 0:
				return unknownCommand(root, args[0])
			case len(rest) > 0:
				e := usagef("%q is too much", rest[0])
				e.Hint = fmt.Sprintf("the help is: %s", strings.Replace(cmd.CommandPath(), " ", " help ", 1))
				return e
			}
			return cmd.Help()
		},
	}
}

// operands are the arguments that the Use line of a command names, in order,
// without flags and brackets.
func operands(use string) []string {
	for {
		before, flag, found := strings.Cut(use, "[-")
		if !found {
			break
		}
		_, after, _ := strings.Cut(flag, "]")
		use = before + after
	}
	return strings.Fields(strings.NewReplacer("[", " ", "]", " ").Replace(use))[1:]
}

// helpWidth leaves a little of a terminal of 80 columns.
const helpWidth = 78

// fill breaks the paragraphs of text anew into lines of helpWidth.
func fill(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if strings.HasPrefix(p, "  ") {
			continue // a table
		}
		paragraphs[i] = strings.Join(wrap(p, helpWidth), "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}

// wrap breaks text into lines of at most width characters, if no word is
// longer.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
