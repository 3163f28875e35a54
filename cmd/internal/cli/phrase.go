package cli

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) phraseCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "phrase [--check]",
		Short: "shows the 24 words that your account can be restored from",
		Long: `Shows 24 words that stand for your account. Write them on paper and hide it:
whoever has them can be you, and without them, or a backup, a lost disk is a lost
account. "truce init --phrase-file FILE" restores the account in an empty home, with
this device as its only one. The words hold neither contacts nor messages: those
are in a backup.

With --check you type the words, and are told whether they are the right ones.`,
		Example: `  truce phrase
  truce phrase --check
  truce --home new init --phrase-file words.txt`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				return a.checkPhrase(cmd.Context())
			}
			return a.showPhrase(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "compare words from standard input with this account")
	return cmd
}

func (a *app) showPhrase(ctx context.Context) error {
	words, err := node.Phrase(a.home, func() ([]byte, error) { return a.passphrase(ctx) })
	if err != nil {
		return err
	}
	a.note("whoever has these words can be you; keep them on paper, out of sight")
	if a.json {
		return a.row(struct {
			Words string `json:"words"`
		}{words})
	}
	for list := strings.Fields(words); len(list) > 0; list = list[6:] {
		if err := a.printf("%s\n", strings.Join(list[:6], " ")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) checkPhrase(ctx context.Context) error {
	if in, ok := a.In.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		a.note("type your 24 words, then Enter and Ctrl-D")
	}
	words, err := a.readWords(ctx, "-")
	if err != nil {
		return err
	}
	_, account, err := node.ParsePhrase(words)
	if err != nil {
		return err
	}
	return a.do(ctx, func(ctx context.Context, s session) error {
		id, err := s.ID(ctx)
		if err != nil {
			return err
		}
		if id.Account != account.String() {
			return &client.Error{Code: client.CodeFailed, Message: "these are the words of another account",
				Hint: "`truce id` shows the account of this home"}
		}
		return a.result(struct {
			Account string `json:"account"`
			Checked bool   `json:"checked"`
		}{id.Account, true}, "these are the words of this account")
	})
}

// maxWords is more than 24 words take, whatever stands between them.
const maxWords = 4096

// readWords reads a phrase from a file, or from standard input if that is "-".
func (a *app) readWords(ctx context.Context, file string) (string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usagef("the words cannot be read: %v", err)
		}
		defer f.Close()
		b := app{Stdio: Stdio{In: f}}
		return b.readWords(ctx, "-")
	}
	words, err := a.readInput(ctx, maxWords)
	if errors.Is(err, errTooLong) {
		return "", usagef("the words cannot be read: there are far too many")
	}
	return words, err
}
