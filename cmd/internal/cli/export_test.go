package cli

import (
	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api/client"
)

// Root returns the tree of all commands.
func Root() *cobra.Command { return new(app).root() }

// Operands are the arguments that a Use line names.
var Operands = operands

// EncodeMail is m as mail from one person to another, each a name and an account.
func EncodeMail(me, them [2]string, m client.Message) ([]byte, error) {
	return mbox{me: person{me[0], me[1]}, them: person{them[0], them[1]}}.encode(m)
}
