package cli

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) groupCommand() *cobra.Command {
	var none bool
	cmd := &cobra.Command{
		Use:   "group WHO [GROUP…] [--clear]",
		Short: "shows or sets the groups that somebody is in",
		Long: `Shows the groups that WHO is in, or puts WHO into those you name and into no others;
--clear: into none. Groups are yours alone: nobody is told. "truce contacts --group GROUP"
lists who is in one.`,
		Example: `  truce group ann chess family
  truce group ann
  truce group ann --clear`,
		Args: between(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			who, names := args[0], args[1:]
			if err := cmp.Or(checkWho(who), checkClear(none, names), checkGroups(names)); err != nil {
				return err
			}
			return a.annotate(cmd, groupsText, func(ctx context.Context, s session) (client.Contact, error) {
				if len(names) > 0 || none {
					return s.SetGroups(ctx, who, names)
				}
				return s.Contact(ctx, who)
			})
		},
	}
	cmd.Flags().BoolVar(&none, "clear", false, "into no group")
	return cmd
}

func groupsText(c client.Contact) string {
	if len(c.Groups) == 0 {
		return "in no group"
	}
	return strings.Join(c.Groups, ", ")
}

func (a *app) memoCommand() *cobra.Command {
	var none bool
	cmd := &cobra.Command{
		Use:   "memo WHO [TEXT…] [--clear]",
		Short: "shows or sets a private note about somebody",
		Long: `Shows your note about WHO, or sets it to TEXT of up to 1,000 characters; "-" is
standard input, --clear drops the note. It is yours alone: nobody is told.`,
		Example: `  truce memo ann birthday on 3 May
  truce memo ann
  truce memo ann --clear`,
		Args: between(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			who := args[0]
			if err := cmp.Or(checkWho(who), checkClear(none, args[1:])); err != nil {
				return err
			}
			memo, err := a.prose(cmd.Context(), args[1:], "a memo", chat.MaxMemo)
			if err != nil {
				return err
			}
			return a.annotate(cmd, memoText, func(ctx context.Context, s session) (client.Contact, error) {
				if len(args) > 1 || none {
					return s.SetMemo(ctx, who, memo)
				}
				return s.Contact(ctx, who)
			})
		},
	}
	cmd.Flags().BoolVar(&none, "clear", false, "drop the note")
	return cmd
}

func memoText(c client.Contact) string {
	if c.Memo == "" {
		return "no memo"
	}
	return c.Memo
}

func (a *app) presenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "presence WHO [full|plain|none]",
		Short: "shows or sets what somebody sees of your presence",
		Long: `Shows how much WHO sees of how you are there, or sets it: full, everything that
"truce status" says; plain, whether you are there; none, nothing, to WHO you are always
offline. Messages reach both of you in any case. WHO is not told.`,
		Example: `  truce presence boss plain
  truce presence boss`,
		Args: between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			if len(args) > 1 {
				if _, err := chat.ParseGrade(args[1]); err != nil {
					return err
				}
			}
			shown := func(c client.Contact) string { return "sees " + shownWords[c.Shown] }
			return a.annotate(cmd, shown, func(ctx context.Context, s session) (client.Contact, error) {
				if len(args) > 1 {
					return s.SetShown(ctx, args[0], args[1])
				}
				return s.Contact(ctx, args[0])
			})
		},
	}
}

var shownWords = map[string]string{
	"full":  "how you are there (full)",
	"plain": "whether you are there (plain)",
	"none":  "nothing of your presence (none)",
}

func (a *app) tellCommand() *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Use:   "tell WHO [--off]",
		Short: "has you told whenever somebody comes online",
		Long: `From now on you are told each time WHO comes online, until you say --off: a terminal
with "truce", "truce run" or "truce watch" shows it and rings; for programs the event
"presence" then has "tell":true. Who is there already has not come. A connection that
breaks and is made again counts as coming. WHO is not told.`,
		Example: `  truce tell ann
  truce tell ann --off`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			return a.annotate(cmd, tellText, func(ctx context.Context, s session) (client.Contact, error) {
				return s.SetTell(ctx, args[0], !off)
			})
		},
	}
	cmd.Flags().BoolVar(&off, "off", false, "do not tell any more")
	return cmd
}

func tellText(c client.Contact) string {
	if c.Tell {
		return "you are told whenever they come online"
	}
	return "you are not told when they come online"
}

func (a *app) hideCommand() *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Use:   "hide WHO [--off]",
		Short: "hides from somebody where you are",
		Long: `From now on WHO is linked with you by relays alone, and no address of this node gets to
them; nor to those who hold your link, for WHO may be one of them. What they saw before
they have seen: a new account is the only way back from that. Relays see where you are.
"truce config hide true" hides you from everybody. --off ends it.`,
		Example: `  truce hide mallory
  truce hide mallory --off`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			return a.annotate(cmd, hideText, func(ctx context.Context, s session) (client.Contact, error) {
				return s.SetHidden(ctx, args[0], !off)
			})
		},
	}
	cmd.Flags().BoolVar(&off, "off", false, "do not hide any more")
	return cmd
}

func hideText(c client.Contact) string {
	if c.Hidden {
		return "does not see where you are"
	}
	return "may see where you are"
}

// annotate runs what shows or changes a contact, and prints it.
func (a *app) annotate(cmd *cobra.Command, text func(client.Contact) string, t func(context.Context, session) (client.Contact, error)) error {
	return a.do(cmd.Context(), func(ctx context.Context, s session) error {
		c, err := t(ctx, s)
		if err != nil {
			return err
		}
		if a.json {
			return a.row(c)
		}
		return a.printf("%s: %s\n", term.Printable(c.Name), term.PrintableText(text(c), "    "))
	})
}

func checkClear(clear bool, args []string) error {
	if clear && len(args) > 0 {
		return usagef("--clear and %q exclude each other", args[0])
	}
	return nil
}

func checkGroups(names []string) error {
	for _, name := range names {
		if err := chat.InputError(wire.CheckName(name)); err != nil {
			return err
		}
	}
	return nil
}

// prose joins args to a text, or reads it from standard input if they are "-".
func (a *app) prose(ctx context.Context, args []string, what string, most int) (string, error) {
	text := strings.Join(args, " ")
	if text == "-" {
		var err error
		text, err = a.readInput(ctx, most*utf8.UTFMax)
		if errors.Is(err, errTooLong) {
			return "", refusedf("%s has at most %d characters, this one has more", what, most)
		}
		if err != nil {
			return "", err
		}
	}
	return text, checkProse(what, text, most)
}

func checkProse(what, text string, most int) error {
	if !utf8.ValidString(text) {
		return usagef("%s is UTF-8", what)
	}
	if n := utf8.RuneCountInString(text); n > most {
		return refusedf("%s has at most %d characters, not %d", what, most, n)
	}
	return nil
}
