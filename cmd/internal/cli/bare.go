package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	printable "github.com/truce-im/truce/cmd/internal/term"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/cmd/internal/linechat"
	"github.com/truce-im/truce/cmd/internal/tui"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/keyfile"
)

// bare is truce without a command: the chat on a terminal, else the help.
func (a *app) bare(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	in, out, ok := a.terminal()
	if !ok {
		if !a.json {
			cmd.Help()
		}
		e := usagef("the chat needs a terminal")
		e.Hint = "name a command, such as `truce id`"
		return e
	}
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	t := newScreen(in, out)
	stay, err := a.talk(cmd.Context(), t)
	term.Restore(int(in.Fd()), state)
	switch {
	case cmd.Context().Err() != nil:
		return nil // a signal is a clean end
	case err == nil && stay:
		return a.goOn(cmd.Context())
	}
	return err
}

func (a *app) terminal() (in, out *os.File, ok bool) {
	in, ok1 := a.In.(*os.File)
	out, ok2 := a.Out.(*os.File)
	return in, out, ok1 && ok2 && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}

// talk sets up at the first run, sees to it that a node runs, and chats. It reports
// whether a node is to go on running afterwards.
func (a *app) talk(ctx context.Context, t linechat.Terminal) (stay bool, err error) {
	a.askOn(t)
	cfg, err := a.configured(node.Config{})
	if err != nil {
		return false, err
	}
	fresh, show := !node.Exists(a.home), false
	if fresh {
		name, err := a.askName(ctx, t)
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		cfg.Name = name
		cfg.Protect, err = a.askProtection(ctx, t)
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		show, err = a.askNearby(ctx, t, cfg)
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		t.SetPrompt("> ")
	}
	err = a.withOwnOrRunning(ctx, cfg, func(ctx context.Context, c *client.Client, own bool) (err error) {
		if show {
			if _, err := c.SetSetting(ctx, chat.Nearby, "true"); err != nil {
				return err
			}
		}
		if fresh {
			if err := a.showHome(ctx, c, t); err != nil {
				return err
			}
		}
		if s, ok := t.(*screen); ok && os.Getenv("TERM") != "dumb" {
			stay, err = tui.Run(ctx, c, tui.Options{In: s.in, Out: s.out, Own: own})
			return err
		}
		fmt.Fprintln(t, "/help tells what you can do here; Ctrl-D leaves.")
		return linechat.Run(ctx, c, t)
	})
	if errors.Is(err, linechat.ErrStopped) || errors.Is(err, tui.ErrStopped) {
		return false, errStopped
	}
	return stay, err
}

// withOwnOrRunning runs fn with the node that runs in the home, else with one
// of its own, as it is told.
func (a *app) withOwnOrRunning(ctx context.Context, cfg node.Config, fn func(ctx context.Context, c *client.Client, own bool) error) error {
	c := client.Dial(a.home)
	defer c.Close()
	if refused := c.HandOver(ctx); isRefusal(refused) {
		return fn(ctx, c, false) // that one stays
	}
	n, err := a.openToStay(ctx, cfg)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h, err := host(n, api.Options{Stop: stop})
	if err != nil {
		return err
	}
	return errors.Join(fn(ctx, c, true), h.Close())
}

// askName asks until the name is one; none is fine too, if it is meant.
func (a *app) askName(ctx context.Context, t linechat.Terminal) (string, error) {
	fmt.Fprint(t, "Welcome to Truce: messages from your computer to your friends', and nobody in between.\n"+
		"First, your name. Others see it when you ask them to be a contact.\n")
	t.SetPrompt("Your name: ")
	for asked := false; ; {
		name, err := readLine(ctx, t)
		if err != nil || name == "" && asked {
			return "", err
		}
		if name == "" {
			asked = true
			fmt.Fprint(t, "Without a name others see the first 8 characters of your address: Enter again for none.\n")
			continue
		}
		err = wire.CheckName(name)
		if err == nil {
			return name, nil
		}
		fmt.Fprintf(t, "%s.\n", err)
	}
}

func readLine(ctx context.Context, t linechat.Terminal) (string, error) {
	return readUntil(ctx, t.ReadLine)
}

// secretReader is a terminal that can read without showing what is typed.
type secretReader interface {
	ReadPassword(prompt string) (string, error)
}

// askOn has passphrases asked for on t, which is in raw mode.
func (a *app) askOn(t linechat.Terminal) {
	r, ok := t.(secretReader)
	if !ok {
		return
	}
	a.askSecret = func(ctx context.Context, prompt string) ([]byte, error) {
		text, err := readUntil(ctx, func() (string, error) { return r.ReadPassword(prompt) })
		return []byte(text), err
	}
}

// askProtection offers a passphrase for a new home; none is fine too. One that
// stands in a file or in the environment is taken without a question.
func (a *app) askProtection(ctx context.Context, t linechat.Terminal) ([]byte, error) {
	pass, err := given(a.passFile, passphraseEnv)
	if pass != nil || err != nil || a.askSecret == nil {
		return pass, err
	}
	fmt.Fprint(t, "A passphrase protects what lies on this disk. There is no way in without it.\n"+
		"It is asked for whenever you start Truce. For none press Enter.\n")
	for {
		pass, err := a.askSecret(ctx, "Passphrase: ")
		if err != nil || len(pass) == 0 {
			return nil, err
		}
		if err := keyfile.CheckPassphrase(pass); err != nil {
			fmt.Fprintf(t, "%s.\n", err)
			continue
		}
		again, err := a.askSecret(ctx, "Once more: ")
		if err != nil || bytes.Equal(pass, again) {
			return pass, err
		}
		fmt.Fprint(t, "These differ.\n")
	}
}

// askNearby asks whether people on this network may see the new account.
func (a *app) askNearby(ctx context.Context, t linechat.Terminal, cfg node.Config) (bool, error) {
	if cfg.NoMDNS {
		return false, nil
	}
	t.SetPrompt("May people on this network see your name, and ask you? [y/N] ")
	for {
		answer, err := readLine(ctx, t)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return true, nil
		case "", "n", "no":
			return false, nil
		}
		fmt.Fprint(t, "Answer y or n. `truce config nearby` changes it later.\n")
	}
}

// showHome tells a newcomer what there is now.
func (a *app) showHome(ctx context.Context, c *client.Client, t linechat.Terminal) error {
	id, err := c.ID(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(t, "Everything of yours is in %s.\n", printable.Printable(a.home))
	if !id.Protected {
		fmt.Fprintf(t, "Not protected: %s.\n", notProtected)
	}
	fmt.Fprintf(t, "This is your link. Give it to friends, so that they can /add you:\n\n%s\n\n", id.Link)
	return nil
}
