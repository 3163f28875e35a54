package cli_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/truce-im/truce/cmd/internal/cli"
)

func each(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, c := range cmd.Commands() {
		each(c, do)
	}
}

// Every command has an example, and its lines are command lines that can be.
func TestExamples(t *testing.T) {
	each(cli.Root(), func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Example == "" {
			t.Errorf("%s has no example", path)
		}
		own := false
		for line := range strings.Lines(cmd.Example) {
			called, err := parse(t, line)
			own = own || called == path
			if err != nil {
				t.Errorf("%s: the example %q: %v", path, line, err)
			}
		}
		if !own && !cmd.HasSubCommands() && cmd.Name() != "help" {
			t.Errorf("%s does not stand in its own example", path)
		}
	})
}

// parse has the commands take the words after "truce" in a line for a shell, and
// returns which command that is.
func parse(t *testing.T, line string) (string, error) {
	t.Helper()
	words := shellWords(line)
	begin := slices.Index(words, "truce")
	if begin < 0 || !strings.HasPrefix(line, "  ") {
		t.Fatalf("the example %q does not call truce", line)
	}
	words = words[begin+1:]
	if end := slices.IndexFunc(words, func(w string) bool { return w != "" && strings.Contains("|<>&", w[:1]) }); end >= 0 {
		words = words[:end]
	}
	cmd, args, err := cli.Root().Find(words)
	if err == nil {
		err = cmd.ParseFlags(args)
	}
	if errors.Is(err, pflag.ErrHelp) {
		return cmd.CommandPath(), nil
	}
	if err == nil && cmd.HasParent() {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	return cmd.CommandPath(), err
}

// shellWords parts a line at spaces outside of quotes, and ends it where two
// spaces begin an explanation.
func shellWords(line string) (words []string) {
	line, _, _ = strings.Cut(strings.TrimSpace(line), "  ")
	var quote rune
	parts := strings.FieldsFunc(line, func(r rune) bool {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		}
		return r == ' ' && quote == 0
	})
	for _, p := range parts {
		words = append(words, strings.Trim(p, `"'`))
	}
	return words
}

// Every line of help fits a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	each(cli.Root(), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Long + "\n" + cmd.UsageString()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
				t.Errorf("%s: a line of help has %d columns: %q", cmd.CommandPath(), n, line)
			}
		}
		if len(cmd.Short) > 60 {
			t.Errorf("%s: %q is long", cmd.CommandPath(), cmd.Short)
		}
	})
}

func TestOperands(t *testing.T) {
	for use, want := range map[string]string{
		"stop": "",
		"send WHO TEXT… [--wait DURATION] [--key KEY]":  "WHO TEXT…",
		"config [NAME [VALUE]]":                         "NAME VALUE",
		"history WHO [-n N] [--before ID] [--after ID]": "WHO",
		"passphrase set|change|remove":                  "set|change|remove",
	} {
		if got := strings.Join(cli.Operands(use), " "); got != want {
			t.Errorf("%q: %q, want %q", use, got, want)
		}
	}
}
