package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	printable "github.com/truce-im/truce/cmd/internal/term"

	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/linechat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/keyfile"
)

// lines is the first run line by line.
type lines struct {
	app *app
	t   linechat.Terminal
}

func (l lines) ask(ctx context.Context, cfg *node.Config) (seen bool, err error) {
	if cfg.Name, err = l.askName(ctx); err != nil {
		return false, err
	}
	if cfg.Protect, err = l.askProtection(ctx); err != nil {
		return false, err
	}
	seen, err = l.askNearby(ctx, cfg)
	l.t.SetPrompt("> ")
	return seen, err
}

// askName asks until the name is one; none is fine too, if it is meant.
func (l lines) askName(ctx context.Context) (string, error) {
	fmt.Fprint(l.t, "Welcome to Truce: messages from your computer to your friends', and nobody in between.\n"+
		"First, your name. Others see it when you ask them to be a contact.\n")
	l.t.SetPrompt("Your name: ")
	for asked := false; ; {
		name, err := readLine(ctx, l.t)
		if err != nil || name == "" && asked {
			return "", err
		}
		if name == "" {
			asked = true
			fmt.Fprint(l.t, "Without a name others see the first 8 characters of your address: Enter again for none.\n")
			continue
		}
		err = wire.CheckName(name)
		if err == nil {
			return name, nil
		}
		fmt.Fprintf(l.t, "%s.\n", err)
	}
}

// askProtection offers a passphrase for a new home; none is fine too. One that
// stands in a file or in the environment is taken without a question.
func (l lines) askProtection(ctx context.Context) ([]byte, error) {
	pass, err := given(l.app.passFile, passphraseEnv)
	if pass != nil || err != nil || l.app.askSecret == nil {
		return pass, err
	}
	fmt.Fprint(l.t, "A passphrase protects what lies on this disk. There is no way in without it.\n"+
		"It is asked for whenever you start Truce. For none press Enter.\n")
	for {
		pass, err := l.app.askSecret(ctx, "Passphrase: ")
		if err != nil || len(pass) == 0 {
			return nil, err
		}
		if err := keyfile.CheckPassphrase(pass); err != nil {
			fmt.Fprintf(l.t, "%s.\n", err)
			continue
		}
		again, err := l.app.askSecret(ctx, "Once more: ")
		if err != nil || bytes.Equal(pass, again) {
			return pass, err
		}
		fmt.Fprint(l.t, "These differ.\n")
	}
}

// askNearby asks whether people on this network may see the new account.
func (l lines) askNearby(ctx context.Context, cfg *node.Config) (bool, error) {
	if cfg.NoMDNS {
		return false, nil
	}
	l.t.SetPrompt("May people on this network see your name, and ask you? [y/N] ")
	for {
		answer, err := readLine(ctx, l.t)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return true, nil
		case "", "n", "no":
			return false, nil
		}
		fmt.Fprint(l.t, "Answer y or n. `truce config nearby` changes it later.\n")
	}
}

func (l lines) show(ctx context.Context, c *client.Client) error {
	id, err := c.ID(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(l.t, "Everything of yours is in %s.\n", printable.Printable(l.app.home))
	if !id.Protected {
		fmt.Fprintf(l.t, "Not protected: %s.\n", notProtected)
	}
	fmt.Fprint(l.t, "`truce phrase` shows 24 words that bring your account back if this disk is lost: write them down.\n")
	fmt.Fprintf(l.t, "This is your link. Give it to friends, so that they can /add you:\n\n%s\n\n", id.Link)
	return nil
}
