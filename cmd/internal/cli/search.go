package cli

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/match"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) searchCommand() *cobra.Command {
	var in client.SearchRequest
	cmd := &cobra.Command{
		Use:   "search TEXT… [--in WHO] [-n N]",
		Short: "finds messages by words in them",
		Long: `Prints the newest N messages that have TEXT in them, newest first, whether they wrote it
in capitals or with accents, or not. Several words are one phrase. With --in only those of one conversation.`,
		Example: `  truce search lunch at
  truce search bicycle --in ann -n 5`,
		Args: between(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Text = strings.Join(args, " ")
			if err := checkSearch(in); err != nil {
				return err
			}
			if cmd.Flags().Changed("in") {
				if err := checkWho(in.In); err != nil {
					return err
				}
			}
			return a.search(cmd.Context(), in)
		},
	}
	cmd.Flags().StringVar(&in.In, "in", "", "only in the conversation with them")
	cmd.Flags().IntVarP(&in.N, "number", "n", client.DefaultHits, "how many messages")
	cmd.RegisterFlagCompletionFunc("in", func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return beginning(a.known(cmd, peopleFor), begun), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func checkSearch(in client.SearchRequest) error {
	switch {
	case in.N < 1 || in.N > client.MaxHits:
		return usagef("-n must be from 1 to %d", client.MaxHits)
	case !utf8.ValidString(in.Text) || match.New(strings.TrimSpace(in.Text)).Empty():
		return usagef("there is nothing to look for in %q", in.Text)
	case utf8.RuneCountInString(in.Text) > chat.MaxSearch:
		return usagef("what is looked for has at most %d characters", chat.MaxSearch)
	}
	return nil
}

// search prints hits as they come. Should the node go away meanwhile, what was
// printed is not printed again.
func (a *app) search(ctx context.Context, in client.SearchRequest) error {
	printed := map[string]bool{}
	return a.do(ctx, func(ctx context.Context, s session) error {
		show := a.hitPrinter(ctx, s, in.Text)
		for m, err := range s.Search(ctx, in) {
			if err != nil {
				return err
			}
			if printed[m.ID] {
				continue
			}
			if err := show(m); err != nil {
				return err
			}
			printed[m.ID] = true
		}
		return nil
	})
}

// hitPrinter returns what prints one hit: for people in one line with what stands
// around the text.
func (a *app) hitPrinter(ctx context.Context, s session, text string) func(client.Message) error {
	if a.json {
		return func(m client.Message) error { return a.row(m) }
	}
	to := a.recipients(ctx, s)
	pattern, palette := match.New(text), term.PaletteFor(a.Out)
	return func(m client.Message) error {
		return a.printf("%s%s\n", messageHead(m, to(m)), excerpt(m.Text, pattern, palette.Strong))
	}
}

// How much of a message is shown, in characters: before the first hit, and in all.
const (
	excerptBefore = 40
	excerptLength = 120
)

// excerpt is one line of text, cut around where pattern stands in it; every such
// place in it is marked. What it returns is safe to print.
func excerpt(text string, pattern match.Pattern, mark func(string) string) string {
	line := []rune(term.Printable(strings.Join(strings.Fields(text), " ")))
	from, head, tail := 0, "", ""
	if len(line) > excerptLength {
		if at, _ := pattern.Find(string(line)); at > 0 {
			from = wordAfter(line, utf8.RuneCountInString(string(line)[:at])-excerptBefore)
		}
		if from > 0 {
			head = "… "
		}
		if line = line[from:]; len(line) > excerptLength {
			line, tail = line[:excerptLength], "…"
		}
	}
	return head + markAll(string(line), pattern, mark) + tail
}

// wordAfter returns where the first word at or after from begins, if that is near.
func wordAfter(line []rune, from int) int {
	if from <= 0 {
		return 0
	}
	for i := from; i < from+excerptBefore/2; i++ {
		if line[i-1] == ' ' {
			return i
		}
	}
	return from
}

func markAll(line string, pattern match.Pattern, mark func(string) string) string {
	var b strings.Builder
	for {
		from, to := pattern.Find(line)
		if from < 0 {
			return b.String() + line
		}
		b.WriteString(line[:from] + mark(line[from:to]))
		line = line[to:]
	}
}
