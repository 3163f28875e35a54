package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "tells what works, what does not, and what to do",
		Long: `Looks at the node, at this machine and its network, and at how each contact was last
reached, and says of what does not work what to do about it. It asks nobody outside
of this network. A line that begins with ✗ needs you.

The status is 0 whenever it could look, whatever it found; with --json scripts find
that in "ok".`,
		Example: `  truce doctor
  truce doctor --json | jq 'select(.ok | not)'`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	list, err := a.checks(ctx)
	if err != nil {
		return err
	}
	if _, err := a.configFile(); err != nil {
		e := describe(err)
		list = append(list, client.Check{Check: "config", Detail: e.Message, Hint: e.Hint})
	}
	for _, c := range list {
		if a.json {
			err = a.row(c)
		} else {
			err = a.printCheck(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checks asks the node, else looks into the store, and where that cannot be
// opened tells why and looks at the rest.
func (a *app) checks(ctx context.Context) (list []client.Check, err error) {
	ask := func(ctx context.Context, s session) (err error) {
		list, err = s.Doctor(ctx)
		return err
	}
	err = a.retry(ctx, func() error {
		err := a.overSocket(ctx, ask)
		if errors.Is(err, client.ErrUnreachable) {
			err = a.overStoreUnasked(ctx, ask)
		}
		return err
	})
	if err == nil || ctx.Err() != nil {
		return list, err
	}
	list = api.ViewChecks(node.DiagnoseHome(a.home))
	if err != errNoPassphrase && err != errNoAccount {
		e := describe(err)
		list[0] = client.Check{Check: node.CheckNode, Detail: e.Message, Hint: e.Hint}
	}
	return list, nil
}

// overStoreUnasked is overStore, but asks nobody for a passphrase.
func (a *app) overStoreUnasked(ctx context.Context, t task) error {
	protected, err := node.Protected(a.home)
	if err == nil && protected {
		if pass, err := given(a.passFile, passphraseEnv); pass == nil {
			return cmp.Or(err, error(errNoPassphrase))
		}
	}
	return a.overStore(ctx, t)
}

// Columns: where the text of a check begins, and where it ends at the latest.
const (
	checkWidth    = 15
	maxCheckWidth = 100
)

func (a *app) printCheck(c client.Check) error {
	p := term.PaletteFor(a.Out)
	mark := p.Good("✓")
	if !c.OK {
		mark = p.Bad("✗")
	}
	width := term.Width(a.Out)
	if width < 2*checkWidth || width > maxCheckWidth {
		width = maxCheckWidth
	}
	indent := strings.Repeat(" ", checkWidth)
	text := wrap(term.Printable(c.Detail), width-checkWidth-1)
	if c.Hint != "" {
		for i, line := range wrap(term.Printable(c.Hint), width-checkWidth-3) {
			text = append(text, map[bool]string{true: "→ ", false: "  "}[i == 0]+line)
		}
	}
	return a.printf("%s %s%s\n", mark, fmt.Sprintf("%-*s", checkWidth-2, term.Printable(c.Check)), strings.Join(text, "\n"+indent))
}
