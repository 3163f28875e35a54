package cli

import (
	"bufio"
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// Formats of an export.
const (
	formatJSON = "jsonl"
	formatMbox = "mbox"
)

func (a *app) exportCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "export WHO [--format jsonl|mbox]",
		Short: "prints a whole conversation",
		Long: `Prints the whole conversation with WHO, oldest first: as JSON Lines, one message per
line with all there is to know of it, or as an mbox file that mail programs open,
which leaves out deleted messages, reactions and earlier states.`,
		Example: `  truce export ann > ann.jsonl
  truce export ann --format mbox > ann.mbox`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			switch {
			case format != formatJSON && format != formatMbox:
				return usagef("--format is jsonl or mbox, not %q", format)
			case format == formatMbox && a.json:
				return usagef("--json and --format mbox exclude each other")
			}
			return a.export(cmd.Context(), args[0], format)
		},
	}
	cmd.Flags().StringVar(&format, "format", formatJSON, "jsonl or mbox")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{formatJSON, formatMbox}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// export goes on after the last message that was printed, should the node go
// away meanwhile.
func (a *app) export(ctx context.Context, who, format string) error {
	out := bufio.NewWriterSize(a.Out, 64<<10)
	p := new(term.Progress)
	if !term.IsTerminal(a.Out) { // else the messages show themselves
		p = a.progress("export", 0, term.Things)
	}
	defer p.Done()
	last := ""
	err := a.do(ctx, func(ctx context.Context, s session) error {
		encode, err := encoder(ctx, s, who, format)
		if err != nil {
			return err
		}
		for m, err := range s.All(ctx, who, last) {
			if err != nil {
				return err
			}
			b, err := encode(m)
			if err != nil {
				return err
			}
			if _, err := out.Write(b); err != nil {
				return err
			}
			last = m.ID
			p.Add(1)
		}
		return nil
	})
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

// encoder returns what turns one message into bytes of the format.
func encoder(ctx context.Context, s session, who, format string) (func(client.Message) ([]byte, error), error) {
	if format == formatJSON {
		return func(m client.Message) ([]byte, error) { return term.JSON(m) }, nil
	}
	me, err := s.ID(ctx)
	if err != nil {
		return nil, err
	}
	them, err := s.Contact(ctx, who)
	if err != nil {
		return nil, err
	}
	return mbox{me: person{me.Name, me.Account}, them: person{them.Name, them.Account}}.encode, nil
}
