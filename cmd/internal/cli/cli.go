package cli

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node"
)

// Stdio are the streams of a run. In and Out are taken for a terminal if they
// are files that are one.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// Run runs the command line args, without the program's name, and returns the
// exit status. It ends early when ctx does; see WithSignals.
func Run(ctx context.Context, args []string, stdio Stdio) int {
	node.LibraryLog(slog.DiscardHandler)
	a := &app{Stdio: stdio}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	words, _, _ := cutDashes(args)
	a.json = a.json || slices.Contains(words, "--json")
	return a.report(ctx, err)
}

// cutDashes parts args at "--".
func cutDashes(args []string) (before, after []string, found bool) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:], true
	}
	return args, nil, false
}

// app is what the commands of one run share.
type app struct {
	Stdio
	home     string
	json     bool
	passFile string
	plain    bool // chat line by line

	pass      []byte                                        // of the home, once it is known
	askSecret func(context.Context, string) ([]byte, error) // in place of the terminal's line mode; may be nil
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "truce",
		Short: "an instant messenger without a server",
		Long: `Truce is an instant messenger without a server: your computer and your friends'
computers talk to each other. Run "truce" in a terminal to begin.`,
		Example: `  truce                 sets up at the first run, then lets you chat
  truce link            prints the link that you give to a friend
  truce add LINK        asks the owner of a link to be your contact
  truce send ann hello  sends a message`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          a.bare,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVar(&a.home, "home", "", "directory (else $TRUCE_HOME, or the usual one)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "results as JSON, one object per line")
	root.PersistentFlags().StringVar(&a.passFile, passphraseFlag, "", "file with the passphrase, - is standard input")
	root.Flags().BoolVar(&a.plain, plainSetting, false, "chat line by line, as suits a screen reader")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if a.home == "" {
			if cmd.Flags().Changed("home") {
				e := usagef("--home is empty")
				e.Hint = "leave it out for the usual one"
				return e
			}
			a.home = node.DefaultHome()
		}
		return nil
	}
	root.SetHelpCommand(helpCommand(root))
	root.AddCommand(
		a.initCommand(), a.runCommand(), a.stopCommand(),
		a.idCommand(), a.linkCommand(),
		a.addCommand(), a.requestsCommand(), a.acceptCommand(), a.declineCommand(),
		a.contactsCommand(), a.renameCommand(), a.verifyCommand(), a.statusCommand(),
		a.groupCommand(), a.memoCommand(), a.presenceCommand(), a.tellCommand(), a.hideCommand(), a.profileCommand(),
		a.removeCommand(), a.blockCommand(), a.unblockCommand(),
		a.sendCommand(), a.nudgeCommand(), a.showCommand(), a.waitCommand(), a.outboxCommand(), a.historyCommand(),
		a.editCommand(), a.deleteCommand(), a.reactCommand(), a.readCommand(),
		a.cancelCommand(), a.searchCommand(), a.exportCommand(),
		a.watchCommand(), a.nearbyCommand(), a.peersCommand(), a.configCommand(), a.versionCommand(),
		a.phraseCommand(), a.passphraseCommand(), a.deviceCommand(), a.backupCommand(), a.restoreCommand(), a.compactCommand(),
		a.completionCommand(), a.manCommand(), a.doctorCommand(),
	)
	root.InitDefaultHelpCmd()
	root.CompletionOptions.DisableDefaultCmd = true
	root.MarkPersistentFlagDirname("home")
	everyCommand(root, func(cmd *cobra.Command) {
		cmd.DisableFlagsInUseLine = true // Use names them
		cmd.Long = fill(cmd.Long)
	})
	group(root)
	a.completeArgs(root)
	return root
}

func everyCommand(root *cobra.Command, do func(*cobra.Command)) {
	do(root)
	for _, cmd := range root.Commands() {
		everyCommand(cmd, do)
	}
}

func unknownCommand(root *cobra.Command, name string) error {
	e := usagef("there is no command %q", name)
	if like := root.SuggestionsFor(name); len(like) > 0 {
		begins := slices.IndexFunc(like, func(s string) bool { return strings.HasPrefix(s, name) })
		e.Hint = "did you mean " + like[max(begins, 0)] + "?"
		return e
	}
	e.Hint = "`truce help` lists them"
	return e
}
