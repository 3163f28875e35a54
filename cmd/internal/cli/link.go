package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/qr"
	"github.com/truce-im/truce/cmd/internal/term"
)

func (a *app) linkCommand() *cobra.Command {
	var reset, code bool
	cmd := &cobra.Command{
		Use:   "link [--reset] [--qr]",
		Short: "prints the link that you give to friends",
		Long: `Prints your link. Whoever holds it can find you and ask to be a contact.
With --reset you get a new one, and all that you gave out before stop working;
contacts are not affected. With --qr it is shown as a code for a camera,
too; a terminal of 80 columns is wide enough for most, and it is about 35 rows high.`,
		Example: `  truce link
  truce link --qr
  truce link --reset`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			once := key(cmd)
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				get := s.Link
				if reset {
					get = func(ctx context.Context) (string, error) { return s.ResetLink(ctx, once) }
				}
				link, err := get(ctx)
				if err != nil {
					return err
				}
				if code && !a.json {
					return a.printCode(link)
				}
				return a.result(struct {
					Link string `json:"link"`
				}{link}, "%s", link)
			})
		},
	}
	cmd.Flags().BoolVar(&reset, "reset", false, "make a new link and retire every earlier one")
	cmd.Flags().BoolVar(&code, "qr", false, "show it as a QR code too")
	keyFlag(cmd)
	return cmd
}

// printCode prints the link as a code to scan, and below it as text.
func (a *app) printCode(link string) error {
	code, err := qr.Encode(link)
	if err != nil {
		return err
	}
	if width := term.Width(a.Out); width != 0 && width < code.Width() {
		a.note("the code needs %d columns, this terminal has %d: make it wider, or its letters smaller", code.Width(), width)
		return a.printf("%s\n", link)
	}
	p := term.PaletteFor(a.Out)
	for line := range strings.Lines(code.String()) {
		if err := a.printf("%s\n", p.Light(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return a.printf("%s\n", link)
}
