package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/cmd/internal/linechat"
	"github.com/truce-im/truce/cmd/internal/tui"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
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
	var alone *exec.Cmd
	if err == nil && stay {
		alone, err = a.runAlone(cmd.Context()) // asks while what is typed is not shown
	}
	term.Restore(int(in.Fd()), state)
	switch {
	case cmd.Context().Err() != nil:
		return nil // a signal is a clean end
	case err == nil && stay:
		return a.goOn(cmd.Context(), alone)
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
	full, err := a.fullScreen(t)
	if err != nil {
		return false, err
	}
	var first newcomer = lines{a, t}
	if full != nil {
		first = &pages{app: a, screen: full}
	}
	fresh, seen := !node.Exists(a.home), false
	if fresh {
		if seen, err = first.ask(ctx, &cfg); err != nil {
			return false, leaving(err)
		}
	}
	err = a.withOwnOrRunning(ctx, cfg, func(ctx context.Context, c *client.Client, own bool) (err error) {
		if seen {
			if _, err := c.SetSetting(ctx, chat.Nearby, "true"); err != nil {
				return err
			}
		}
		if fresh {
			if err := first.show(ctx, c); err != nil {
				return leaving(err)
			}
		}
		if full != nil {
			stay, err = tui.Run(ctx, c, tui.Options{In: full.in, Out: full.out, Own: own})
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

// fullScreen returns the terminal if the chat is to take all of it, else nil.
func (a *app) fullScreen(t linechat.Terminal) (*screen, error) {
	s, ok := t.(*screen)
	if !ok || a.plain || os.Getenv("TERM") == "dumb" {
		return nil, nil
	}
	file, err := a.configFile()
	if err != nil || file.Bool(plainSetting) {
		return nil, err
	}
	return s, nil
}

// newcomer asks and tells what there is at the first run. Both return io.EOF if the
// user leaves.
type newcomer interface {
	// ask fills in how the new home is to be made, and tells whether people on this
	// network may see its owner.
	ask(ctx context.Context, cfg *node.Config) (seen bool, err error)

	// show tells the newcomer what there is now.
	show(ctx context.Context, c *client.Client) error
}

// leaving makes leaving at the first run a clean end, as is that of the node.
func leaving(err error) error {
	if err == io.EOF || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
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

func readLine(ctx context.Context, t linechat.Terminal) (string, error) {
	return readUntil(ctx, t.ReadLine)
}

// secretReader is a terminal that can read without showing what is typed.
type secretReader interface {
	ReadPassword(prompt string) (string, error)
}

// plainSetting is the setting that has the chat speak line by line.
const plainSetting = "plain"

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
