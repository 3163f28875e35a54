package cli

import (
	"github.com/spf13/cobra"

	"github.com/truce-im/truce/node/api"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "tells which version of the program this is",
		Example: `  truce version --json`,
		Args:    between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := api.BuildVersion()
			return a.result(v, "truce %s %s (%s)", v.Version, first(v.Commit, "of an unknown commit"), v.Go)
		},
	}
}
