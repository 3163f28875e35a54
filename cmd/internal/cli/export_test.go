package cli

import "github.com/spf13/cobra"

// Root returns the tree of all commands.
func Root() *cobra.Command { return new(app).root() }

// Operands are the arguments that a Use line names.
var Operands = operands
