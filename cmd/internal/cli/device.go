package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
)

func (a *app) deviceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "device renew",
		Short: "gives this device a new key",
		Long: `A device key belongs to one home. If a home was copied, or a disk went back to an
earlier state, your contacts refuse what the old key writes, and this command makes a
new one. It also takes the account back from another device that has taken it over.`,
		Example: "  truce device renew",
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return usagef("truce device has no command %q; see `truce help device`", args[0])
		},
	}
	cmd.AddCommand(a.renewCommand())
	return cmd
}

func (a *app) renewCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "renew [--phrase-file FILE]",
		Short: "makes a new device key and retires the old one",
		Long: `Makes a new device key and retires the old one. That takes the account's key: the one
in this home, for which you may be asked the passphrase, or your 24 words from FILE
(- is standard input). Nothing is lost: what waits is delivered under the new key.`,
		Example: `  truce device renew
  truce device renew --phrase-file words.txt`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			words, err := a.wordsOf(ctx, file)
			if err != nil {
				return err
			}
			return a.do(ctx, func(ctx context.Context, s session) error {
				id, err := s.RenewDevice(ctx, words)
				if err != nil {
					return err
				}
				return a.result(id, "this device has a new key")
			})
		},
	}
	cmd.Flags().StringVar(&file, "phrase-file", "", "read your 24 words from FILE; - is standard input")
	keyFlag(cmd)
	return cmd
}

// wordsOf reads the 24 words from a file, or else from the account key in the
// home.
func (a *app) wordsOf(ctx context.Context, file string) (string, error) {
	if file == "" {
		return node.Phrase(a.home, func() ([]byte, error) { return a.passphrase(ctx) })
	}
	words, err := a.readWords(ctx, file)
	if err == nil {
		_, _, err = node.ParsePhrase(words)
	}
	return words, err
}
