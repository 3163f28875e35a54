package cli

import "github.com/spf13/cobra"

// bare is truce without a command: the chat on a terminal, else the help.
func (a *app) bare(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return nil
}
