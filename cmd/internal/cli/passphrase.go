package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) passphraseCommand() *cobra.Command {
	var newFile string
	cmd := &cobra.Command{
		Use:   "passphrase set|change|remove",
		Short: "protects this home by a passphrase",
		Long: `Protects the keys of this home by a passphrase, without which nobody opens it:
not a thief, and not you. A running node needs none; starting one does.

A passphrase is asked for on the terminal. Elsewhere it is the first line of the
file --passphrase-file, or $TRUCE_PASSPHRASE; the new one of "change" that of
--new-passphrase-file, or $TRUCE_NEW_PASSPHRASE. "truce init" and "truce run"
protect a home that they make if they are given one so.`,
		Example: `  truce passphrase set
  truce passphrase change --passphrase-file old --new-passphrase-file new
  truce passphrase remove`,
		Args:      between(1, 1),
		ValidArgs: []string{"set", "change", "remove"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changePassphrase(cmd.Context(), args[0], newFile)
		},
	}
	cmd.Flags().StringVar(&newFile, newPassphraseFlag, "", "file whose first line is the new passphrase")
	return cmd
}

func (a *app) changePassphrase(ctx context.Context, what, newFile string) error {
	if what != "set" && what != "change" && what != "remove" {
		e := usagef("%q cannot be done with a passphrase", what)
		e.Hint = "what can: set, change, remove"
		return e
	}
	if err := a.checkProtected(what != "set"); err != nil {
		return err
	}
	in, err := a.passphrases(ctx, what, newFile)
	if err != nil {
		return err
	}
	return a.do(ctx, func(ctx context.Context, s session) error {
		out, err := s.SetPassphrase(ctx, in)
		if err != nil {
			return err
		}
		text := "this home is not protected any more: whoever can read its files can be you"
		if out.Protected {
			text = "this home is protected by the new passphrase"
		}
		return a.result(out, "%s", text)
	})
}

// checkProtected refuses what does not fit the home, before anybody is asked for
// a passphrase.
func (a *app) checkProtected(want bool) error {
	if !node.Exists(a.home) {
		return errNoAccount
	}
	protected, err := node.Protected(a.home)
	switch {
	case err != nil || protected == want:
		return err
	case protected:
		return &client.Error{
			Code: client.CodeFailed, Message: "this home is protected by a passphrase already",
			Hint: "`truce passphrase change` gives it another",
		}
	}
	return &client.Error{
		Code: client.CodeFailed, Message: "this home is not protected by a passphrase",
		Hint: "`truce passphrase set` protects it",
	}
}

func (a *app) passphrases(ctx context.Context, what, newFile string) (in client.PassphraseRequest, err error) {
	var old, new []byte
	if what != "set" {
		if old, err = a.passphrase(ctx); err != nil {
			return in, err
		}
		if len(old) == 0 {
			return in, errNoPassphrase
		}
	}
	switch what {
	case "set":
		new, err = a.newPassphrase(ctx, a.passFile, passphraseEnv)
	case "change":
		new, err = a.newPassphrase(ctx, newFile, newPassphraseEnv)
		if err == errNoPassphrase {
			err = errNoNewPassphrase
		}
	}
	return client.PassphraseRequest{Old: string(old), New: string(new)}, err
}
