package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) initCommand() *cobra.Command {
	var name, phrase string
	cmd := &cobra.Command{
		Use:   "init [--name NAME] [--phrase-file FILE]",
		Short: "makes your account, without questions",
		Long: `Makes the account of this home. If there is one already, nothing changes.
NAME is what others are offered as your name when you ask them, or they have your
link; what they call you is up to them. It is fixed once the account is made.

With --phrase-file the account is restored from its 24 words, which FILE holds, or
standard input if that is "-". This device is then its only one. Contacts and
messages are not in the words: "truce restore" takes them from a backup.`,
		Example: `  truce init --name Ann
  truce init --phrase-file -`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkName(name); err != nil {
				return err
			}
			if phrase == "" {
				return a.init(cmd.Context(), name)
			}
			return a.initFromPhrase(cmd.Context(), name, phrase)
		},
	}
	cmd.Flags().StringVar(&phrase, "phrase-file", "", "file that holds the 24 words to restore from")
	cmd.Flags().StringVar(&name, "name", "", "what others are offered as your name")
	keyFlag(cmd)
	return cmd
}

func (a *app) init(ctx context.Context, name string) error {
	existed := node.Exists(a.home)
	if !existed {
		if err := a.make(ctx, node.Config{Name: name}); err != nil {
			return err
		}
	}
	return a.told(ctx, func(id client.Identity) error {
		switch {
		case existed && name != "" && name != id.Name:
			a.note("this home has an account already; its name stays %q", id.Name)
		case existed:
			a.note("this home has an account already; nothing was changed")
		case !id.Protected:
			a.note("%s", notProtected)
		}
		return nil
	})
}

// make makes the home and its account.
func (a *app) make(ctx context.Context, cfg node.Config) error {
	cfg.Offline = true
	n, err := a.openToStay(ctx, cfg)
	if err != nil {
		return err
	}
	return n.Close()
}

// told prints who I am, after note has had a look at it.
func (a *app) told(ctx context.Context, note func(client.Identity) error) error {
	return a.do(ctx, func(ctx context.Context, s session) error {
		id, err := s.ID(ctx)
		if err != nil {
			return err
		}
		if err := note(id); err != nil {
			return err
		}
		return a.printID(id)
	})
}

func (a *app) initFromPhrase(ctx context.Context, name, file string) error {
	words, err := a.readWords(ctx, file)
	if err != nil {
		return err
	}
	seed, account, err := node.ParsePhrase(words)
	if err != nil {
		return err
	}
	existed := node.Exists(a.home)
	if !existed {
		if err := a.make(ctx, node.Config{Name: name, Seed: &seed}); err != nil {
			return err
		}
	}
	return a.told(ctx, func(id client.Identity) error {
		switch {
		case id.Account != account.String():
			return &client.Error{
				Code: client.CodeFailed, Message: "this home has another account",
				Hint: "choose an empty one with --home",
			}
		case existed:
			a.note("this home has that account already; nothing was changed")
		case !id.Protected:
			a.note("%s", notProtected)
		}
		return nil
	})
}

const notProtected = "this home is not protected by a passphrase: whoever can read its files can be you"
