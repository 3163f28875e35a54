package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "prints what lets your shell complete commands and names",
		Long: `Prints a script that lets your shell complete commands, flags and the names of your
contacts and groups. Bash needs the package bash-completion for it.`,
		Example: `  truce completion bash > ~/.local/share/bash-completion/completions/truce
  truce completion zsh > "${fpath[1]}/_truce"
  truce completion fish > ~/.config/fish/completions/truce.fish`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.Out, true)
			case "zsh":
				return root.GenZshCompletion(a.Out)
			case "fish":
				return root.GenFishCompletion(a.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.Out)
			}
			return usagef("%q is no shell that can be helped: name bash, zsh, fish or powershell", args[0])
		},
	}
}

// completeArgs has every command below parent complete its arguments by what
// its Use line calls them.
func (a *app) completeArgs(parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		if cmd.HasSubCommands() {
			a.completeArgs(cmd)
			continue
		}
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = a.completeOperand
		}
	}
}

func (a *app) completeOperand(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	var words []string
	switch operand := operandAt(cmd, len(args)); {
	case operand == "FILE" || operand == "PATH":
		return nil, cobra.ShellCompDirectiveDefault
	case operand == "DIR":
		return nil, cobra.ShellCompDirectiveFilterDirs
	case operand == "WHO":
		words = a.known(cmd, peopleFor)
	case operand == "GROUP…":
		words = slices.DeleteFunc(a.known(cmd, groupNames), func(g string) bool { return slices.Contains(args[1:], g) })
	case operand == "COMMAND":
		for _, c := range cmd.Root().Commands() {
			if c.IsAvailableCommand() {
				words = append(words, c.Name()+"\t"+c.Short)
			}
		}
	case strings.Contains(operand, "|"):
		words = strings.Split(operand, "|")
	}
	return beginning(words, begun), cobra.ShellCompDirectiveNoFileComp
}

// operandAt is what a command calls its argument i, or "" if it takes none there.
// One with an ellipsis may stand any number of times.
func operandAt(cmd *cobra.Command, i int) string {
	list := operands(cmd.Use)
	if n := len(list); i >= n && n > 0 && strings.HasSuffix(list[n-1], "…") {
		return list[n-1]
	}
	return append(list, make([]string, i+1)...)[i]
}

func beginning(words []string, prefix string) (out []string) {
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			out = append(out, w)
		}
	}
	return out
}

// known are names that a command may mean. There are none where finding out
// takes a passphrase or long, or fails: nobody wants an error there.
func (a *app) known(cmd *cobra.Command, find func(ctx context.Context, s session, command string) ([]string, error)) (names []string) {
	ctx, cancel := context.WithTimeout(cmd.Context(), patience)
	defer cancel()
	list := func(ctx context.Context, s session) (err error) {
		names, err = find(ctx, s, cmd.Name())
		return err
	}
	err := a.overSocket(ctx, list)
	if protected, unknown := node.Protected(a.home); errors.Is(err, client.ErrUnreachable) && !protected && unknown == nil {
		err = a.overStore(ctx, list)
	}
	if err != nil {
		return nil
	}
	return names
}

// peopleFor lists those who ask, for a command that answers them, else contacts.
func peopleFor(ctx context.Context, s session, command string) (names []string, err error) {
	if command == "accept" || command == "decline" {
		requests, err := s.Requests(ctx)
		for _, r := range requests {
			names = append(names, candidate(r.Name, r.Account))
		}
		return names, err
	}
	contacts, err := s.Contacts(ctx)
	for _, c := range contacts {
		names = append(names, candidate(c.Name, c.Account))
	}
	return names, err
}

// groupNames lists the groups that contacts are in, but for those whose names a shell
// could take for more than that.
func groupNames(ctx context.Context, s session, _ string) (names []string, err error) {
	contacts, err := s.Contacts(ctx)
	for _, c := range contacts {
		for _, g := range c.Groups {
			if candidate(g, "") == g {
				names = append(names, g)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// candidate is what a shell is offered for somebody: the name, or the account
// where a shell, which evaluates what it is given more than once, could take
// the name for more than a name. Others choose their names.
func candidate(name, account string) string {
	harmless := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.+@", r)
	}
	plain := strings.Map(func(r rune) rune {
		if harmless(r) {
			return r
		}
		return -1
	}, name)
	if plain == name && name != "" && name[0] != '-' {
		return name
	}
	return account + "\t" + plain
}
