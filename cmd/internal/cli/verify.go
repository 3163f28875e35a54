package cli

import (
	"context"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

// Digits of a safety number, and the groups it is shown in.
const (
	safetyDigits = 60
	safetyGroups = 12
)

func (a *app) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify WHO [NUMBER]",
		Short: "shows or compares the safety number of a contact",
		Long: `Shows the safety number that you share with a contact. Ask them to read theirs to
you, in person or on the phone: if it is the same, nobody sits in between. With
NUMBER it is compared for you, and the contact is marked as verified.`,
		Example: `  truce verify ann
  truce verify ann 53191 02484 60017 … (12 groups)`,
		Args: between(1, 1+safetyGroups),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWho(args[0]); err != nil {
				return err
			}
			number := strings.Map(dropSpace, strings.Join(args[1:], ""))
			if len(args) > 1 && (len(number) != safetyDigits || strings.Trim(number, "0123456789") != "") {
				return usagef("a safety number has %d digits, this has %d", safetyDigits, len(number))
			}
			return a.do(cmd.Context(), func(ctx context.Context, s session) error {
				return a.verify(ctx, s, args[0], number)
			})
		},
	}
	keyFlag(cmd)
	return cmd
}

func dropSpace(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	return r
}

func (a *app) verify(ctx context.Context, s session, who, number string) (err error) {
	var n client.Safety
	if number == "" {
		n, err = s.Safety(ctx, who)
	} else {
		n, err = s.Verify(ctx, who, number)
	}
	if err != nil {
		return err
	}
	state := "not verified yet"
	if n.Verified {
		state = "verified"
	}
	return a.result(n, "%s (%s)", n.Number, state)
}
