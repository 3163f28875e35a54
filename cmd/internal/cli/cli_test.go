package cli_test

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/truce-im/truce/cmd/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"truce": truce})
}

// truce is the program, as cmd/truce has it.
func truce() {
	ctx, stop := cli.WithSignals(context.Background())
	status := cli.Run(ctx, os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}

// TestScripts runs the scripts of testdata. Besides the commands of testscript
// they have those of script_test.go.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_DATA_HOME", "")
			env.Setenv("TRUCE_HOME", "")
			env.Setenv("TRUCE_BOOTSTRAP", "none") // tests do not reach the internet
			env.Setenv("TRUCE_PASSPHRASE", "")
			env.Setenv("TRUCE_NEW_PASSPHRASE", "")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command
			env.Values[nodesKey{}] = nodes{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":       code,
			"field":      field,
			"start":      start,
			"await":      await,
			"end":        end,
			"snapshot":   snapshot,
			"same":       same,
			"oneline":    oneLine,
			"harmless":   harmless,
			"fill":       fill,
			"picture":    picture,
			"picture-of": pictureOf,
			"typing":     typing,
		},
	})
}
