package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

// goOn starts a node for the home that runs on its own, after that of this
// process has closed, and waits until it answers.
func (a *app) goOn(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the node was not left running: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with this process at the latest
	ctx, cancel := context.WithTimeoutCause(ctx, startPatience, errors.New("the node that was left running does not answer"))
	defer cancel()
	c := client.Dial(a.home)
	defer c.Close()
	for {
		if _, err := c.Version(ctx); err == nil {
			a.note("the node goes on running (process %d); `truce stop` ends it", cmd.Process.Pid)
			return nil
		}
		select {
		case <-ended:
			return &client.Error{Code: client.CodeFailed, Message: "the node was not left running: it ended at once",
				Hint: "`truce run` tells why"}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startPatience is how long a node may take until it answers.
const startPatience = 30 * time.Second

// runAlone is `truce run` for this home in a session of its own, without a terminal.
// A passphrase that is not known any more is asked for. It goes through a pipe: others can see its arguments and its environment
// for as long as it runs.
func (a *app) runAlone(ctx context.Context) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "--home", a.home, "run")
	cmd.Args[0] = os.Args[0]
	cmd.SysProcAttr = alone()
	protected, err := node.Protected(a.home)
	if err != nil || !protected {
		return cmd, err
	}
	pass, err := a.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	cmd.Args = append(cmd.Args, "--"+passphraseFlag, "-")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, passphraseEnv+"=") })
	cmd.Stdin = bytes.NewReader(append(pass, '\n'))
	return cmd, nil
}
