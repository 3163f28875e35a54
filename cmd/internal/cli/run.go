package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/truce-im/truce/cmd/internal/config"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) runCommand() *cobra.Command {
	var cfg node.Config
	var mdns, dht, serveRelay bool
	var away node.DHT
	var level string
	cmd := &cobra.Command{
		Use:   "run [--name NAME] [--listen MULTIADDR] [--bootstrap MULTIADDR]",
		Short: "runs the node in the foreground",
		Long: `Runs the node of this home until it is interrupted, and prints what happens.
Makes the account if there is none. --listen, --peer and --bootstrap may be given
several times; what is not given is taken from config.toml, see "truce help config".
Contacts find each other over the internet in a DHT: that of IPFS, or with --network
one of your own; --bootstrap names nodes to enter it by, in place of the well-known
ones ($TRUCE_BOOTSTRAP does the same, "none": none). Who cannot be reached directly
is reached by relays: those of --relay, of contacts and of the DHT. --public is for a
node that everybody can reach: it serves the DHT and relays for others, but for
--serve-relay=false. --log tells on
standard error what goes wrong with whom: peers by their peer id, never a text, a
name or an account.`,
		Example: `  truce run
  truce run --home /srv/truce --name box --listen /ip4/0.0.0.0/tcp/4001`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkName(cfg.Name); err != nil {
				return err
			}
			for name, addrs := range map[string][]string{"listen": cfg.Listen, "peer": cfg.Peers, "bootstrap": away.Bootstrap, "relay": cfg.Relays} {
				if err := checkAddrs(name, addrs); err != nil {
					return err
				}
			}
			cfg.NoMDNS, cfg.NoRelay = !mdns, !serveRelay
			if dht {
				cfg.DHT = &away
			}
			if away.Network != "" {
				if err := config.CheckNetwork(away.Network); err != nil {
					return usagef("--network: %v", err)
				}
			}
			cfg, err := a.configured(cfg, flagsOf(cmd)...)
			if err != nil {
				return err
			}
			if cfg.Log, err = a.logger(level); err != nil {
				return err
			}
			if !dht {
				cfg.DHT = nil
			}
			return a.run(cmd.Context(), cfg)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Name, "name", "", "your name, if the account must be made")
	f.StringArrayVar(&cfg.Listen, "listen", nil, "multiaddr to listen on")
	f.StringArrayVar(&cfg.Peers, "peer", nil, "multiaddr of a contact's node to try")
	f.StringArrayVar(&away.Bootstrap, "bootstrap", nil, "multiaddr of a node to enter the DHT by")
	f.StringVar(&away.Network, "network", "", "name of a DHT of your own")
	f.BoolVar(&mdns, "mdns", true, "find contacts on this network")
	f.BoolVar(&dht, "dht", true, "find contacts over the internet")
	f.StringVar(&level, "log", "", "log from here on: debug, info, warn or error")
	f.StringArrayVar(&cfg.Relays, "relay", nil, "multiaddr of a relay to be reached by")
	f.BoolVar(&cfg.PortMap, "portmap", true, "ask the router to let others in")
	f.BoolVar(&cfg.Public, "public", false, "everybody can reach it: serve DHT, relay")
	f.BoolVar(&serveRelay, "serve-relay", true, "with --public: relay for others")
	return cmd
}

// logger writes to standard error from the named level on; "": nothing, nil.
func (a *app) logger(level string) (*slog.Logger, error) {
	if level == "" {
		return nil, nil
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usagef("--log: %q is none of debug, info, warn and error", level)
	}
	return slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: l})), nil
}

// checkAddrs refuses what cannot be listened on or dialled.
func checkAddrs(flag string, addrs []string) error {
	check := config.CheckPeer
	if flag == "listen" {
		check = config.CheckListen
	}
	for _, s := range addrs {
		if err := check(s); err != nil {
			return usagef("--%s: %v", flag, err)
		}
	}
	return nil
}

// flagsOf names the flags that stand on the command line.
func flagsOf(cmd *cobra.Command) (names []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// ready is the first line of run.
type ready struct {
	Event   string   `json:"event"`
	Account string   `json:"account"`
	PeerID  string   `json:"peer_id"`
	Addrs   []string `json:"addrs"`
	PID     int      `json:"pid"`
	Home    string   `json:"home"`
	Cursor  string   `json:"cursor"`
}

// run has the end of ctx as its clean end: no signal is a failure.
func (a *app) run(ctx context.Context, cfg node.Config) error {
	existed := node.Exists(a.home)
	n, err := a.openToStay(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	// Whoever read the output has left: that too is to end in a goodbye.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h, err := host(n, api.Options{Stop: stop})
	if err != nil {
		return err
	}
	a.greet(n, existed, cfg.Name)
	return errors.Join(a.printUntil(ctx, n), h.Close())
}

// printUntil prints the ready line and what happens after it, until ctx ends or
// nobody reads any more.
func (a *app) printUntil(ctx context.Context, n *node.Node) error {
	cursor := n.Chat().Cursor()
	if err := a.printReady(n, cursor); err != nil {
		return err
	}
	printed := make(chan error, 1)
	go func() { printed <- a.printEvents(ctx, cursor) }()
	select {
	case err := <-printed:
		if ctx.Err() == nil {
			return err
		}
	case <-ctx.Done():
		// The goroutine ends with ctx, unless its reader holds up a write; then
		// it ends with the program.
		select {
		case <-printed:
		case <-time.After(writeGrace):
		}
	}
	return nil
}

// greet tells on standard error what is not a result.
func (a *app) greet(n *node.Node, existed bool, name string) {
	switch {
	case existed && name != "" && name != n.Chat().Name():
		a.note("this home has an account already; its name stays %q", n.Chat().Name())
	case !existed && !n.Protected():
		a.note("%s", notProtected)
	}
}

func (a *app) printReady(n *node.Node, cursor string) error {
	r := ready{
		Event:   client.EventReady,
		Account: n.Chat().Account().String(),
		PeerID:  n.PeerID(),
		Addrs:   append([]string{}, n.Addrs()...),
		PID:     os.Getpid(),
		Home:    n.Home(),
		Cursor:  cursor,
	}
	if a.json {
		return a.row(r)
	}
	return a.printf("ready: %s runs in %s (process %d); Ctrl-C stops it\n",
		term.Printable(first(n.Chat().Name(), r.Account)), term.Printable(r.Home), r.PID)
}

// writeGrace is how long a stopping node waits for its last line to be taken.
const writeGrace = time.Second

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
