// Command truce is an instant messenger without a server. See `truce help`.
package main

import (
	"context"
	"os"

	"github.com/truce-im/truce/cmd/internal/cli"
)

func main() {
	ctx, stop := cli.WithSignals(context.Background())
	status := cli.Run(ctx, os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}
