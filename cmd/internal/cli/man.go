package cli

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/truce-im/truce/node/api"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "prints the manual page",
		Long:  `Prints the manual page of all commands, in the form that "man" reads.`,
		Example: `  truce man > ~/.local/share/man/man1/truce.1
  truce man | man -l -`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.printf("%s", manual(cmd.Root()))
		},
	}
}

// What the commands do not say of themselves.
const manualEnd = `.SH EXIT STATUS
.TP 5n
0
done; also a clean end of
.B truce run
by Ctrl-C or SIGTERM
.TP
1
failed
.TP
2
wrong usage
.TP
3
not found or ambiguous
.TP
4
refused by a rule: blocked, declined, over a limit
.TP
5
time ran out
.TP
130, 143
interrupted by a signal
.SH ENVIRONMENT
.TP
.B TRUCE_HOME
directory of the node, unless \-\-home names it
.TP
.B XDG_DATA_HOME
the directory in which the home lies if neither names it; ~/.local/share
.TP
.BR TRUCE_PASSPHRASE ", " TRUCE_NEW_PASSPHRASE
passphrases, where nobody is there to be asked
.TP
.B NO_COLOR
if not empty, nothing is coloured
.SH FILES
.TP
.I ~/.local/share/truce
the home: everything that is yours
.TP
.I config.toml
in the home: how the node runs; see
.B truce help config
`

// manual is the manual page, for the man macros of groff and mandoc.
func manual(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH TRUCE 1 \"\" \"truce %s\" \"User Commands\"\n", roff(api.BuildVersion().Version))
	fmt.Fprintf(&b, ".SH NAME\ntruce \\- %s\n", roff(root.Short))
	b.WriteString(".SH SYNOPSIS\n.B truce\n[\\-\\-home\n.IR DIR ]\n[\\-\\-json]\n.I COMMAND\n\\&...\n")
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", prose(root.Long))
	manualExample(&b, root)
	b.WriteString(".SH OPTIONS\nThese may stand with every command.\n")
	manualFlags(&b, root.PersistentFlags())
	for _, g := range groups {
		manualGroup(&b, root, g.title, g.title)
	}
	manualGroup(&b, root, "Other commands", "")
	return inASCII(b.String() + manualEnd)
}

// inASCII writes what is beyond ASCII as roff names it: groff and mandoc read
// that in every locale.
func inASCII(page string) string {
	var b strings.Builder
	for _, r := range page {
		if r > unicode.MaxASCII {
			fmt.Fprintf(&b, "\\[u%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func manualGroup(b *strings.Builder, root *cobra.Command, title, id string) {
	fmt.Fprintf(b, ".SH %s\n", strings.ToUpper(roff(title)))
	for _, cmd := range root.Commands() {
		if cmd.GroupID == id && cmd.IsAvailableCommand() {
			manualCommand(b, cmd)
		}
	}
}

func manualCommand(b *strings.Builder, cmd *cobra.Command) {
	use := cmd.UseLine()
	if cmd.HasSubCommands() {
		use = cmd.CommandPath() // theirs follow
	}
	fmt.Fprintf(b, ".SS %s\n%s\n", roff(strings.TrimPrefix(use, "truce ")), prose(description(cmd)))
	manualFlags(b, cmd.LocalNonPersistentFlags())
	manualExample(b, cmd)
	for _, sub := range cmd.Commands() {
		manualCommand(b, sub)
	}
}

// description is the long text of a command, or else the short one as a sentence.
func description(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
}

func manualFlags(b *strings.Builder, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "\\-\\-" + roff(f.Name)
		if f.Shorthand != "" {
			name = "\\-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(b, ".TP\n.BI \"%s\" \" %s\"\n%s\n", name, value, roff(usage))
	})
}

func manualExample(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Example != "" {
		fmt.Fprintf(b, ".PP\n.EX\n%s\n.EE\n", roff(cmd.Example))
	}
}

// prose is text of paragraphs, with tables among them whose lines stay.
func prose(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = roff(p)
		if strings.HasPrefix(p, "  ") {
			paragraphs[i] = ".nf\n" + roff(p) + "\n.fi"
		}
	}
	return strings.Join(paragraphs, "\n.PP\n")
}

var roffEscapes = strings.NewReplacer(
	`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "~", `\(ti`, "^", `\(ha`, `"`, `\(dq`, "\n.", "\n\\&.",
)

// roff escapes text: nothing in it is a request or an escape of roff.
func roff(text string) string {
	text = roffEscapes.Replace(text)
	if strings.HasPrefix(text, ".") {
		return `\&` + text
	}
	return text
}
