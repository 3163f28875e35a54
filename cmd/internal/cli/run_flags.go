package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/truce-im/truce/cmd/internal/config"
	"github.com/truce-im/truce/node"
)

// runFlags are what stands on the command line of run. They do not change once they are
// read: what they leave open, config.toml says, again and again.
type runFlags struct {
	cfg                      node.Config // of it what are flags, but for:
	dht                      node.DHT
	mdns, useDHT, serveRelay bool

	level, metrics string
	quiet          bool
	given          []string // names of those that are there
}

func (f *runFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.cfg.Name, "name", "", "your name, if the account must be made")
	flags.StringArrayVar(&f.cfg.Listen, "listen", nil, "multiaddr to listen on")
	flags.StringArrayVar(&f.cfg.Peers, "peer", nil, "multiaddr of a contact's node to try")
	flags.StringArrayVar(&f.dht.Bootstrap, "bootstrap", nil, "multiaddr of a node to enter the DHT by, or ipfs")
	flags.StringVar(&f.dht.Network, "network", "", "name of a DHT of your own")
	flags.BoolVar(&f.mdns, "mdns", true, "find contacts on this network")
	flags.BoolVar(&f.useDHT, "dht", true, "find contacts over the internet")
	flags.StringVar(&f.level, "log", "", "log from here on: debug, info, warn or error")
	flags.StringArrayVar(&f.cfg.Relays, "relay", nil, "multiaddr of a relay to be reached by")
	flags.BoolVar(&f.cfg.PortMap, "portmap", true, "ask the router to let others in")
	flags.BoolVar(&f.cfg.Public, "public", false, "everybody can reach it: serve DHT, relay")
	flags.BoolVar(&f.serveRelay, "serve-relay", true, "with --public: relay for others")
	flags.StringVar(&f.metrics, "metrics", "", "[HOST]:PORT at which to serve metrics")
	flags.BoolVar(&f.quiet, "quiet", false, "print nothing of what happens")
}

// way is how a node is to run.
type way struct {
	node    node.Config
	metrics string // address; empty: none
}

// wayBy says how by the flags, and for the rest by config.toml as it is now.
func (a *app) wayBy(f *runFlags) (w way, err error) {
	if err := f.check(); err != nil {
		return w, err
	}
	cfg, dht := f.cfg, f.dht
	cfg.NoMDNS, cfg.NoRelay = !f.mdns, !f.serveRelay
	if f.useDHT {
		cfg.DHT = &dht
	}
	if w.node, err = a.configured(cfg, f.given...); err != nil {
		return w, err
	}
	if !f.useDHT {
		w.node.DHT = nil
	}
	if w.metrics = f.metrics; !slices.Contains(f.given, "metrics") {
		file, err := a.configFile()
		if err != nil {
			return w, err
		}
		w.metrics = file.Text("metrics")
	}
	return w, nil
}

func (f *runFlags) check() error {
	if err := checkName(f.cfg.Name); err != nil {
		return err
	}
	for name, addrs := range map[string][]string{"listen": f.cfg.Listen, "peer": f.cfg.Peers, "bootstrap": f.dht.Bootstrap, "relay": f.cfg.Relays} {
		if err := checkAddrs(name, addrs); err != nil {
			return err
		}
	}
	if f.dht.Network != "" {
		if err := config.CheckNetwork(f.dht.Network); err != nil {
			return usagef("--network: %v", err)
		}
	}
	if f.metrics != "" {
		if err := config.CheckMetrics(f.metrics); err != nil {
			return usagef("--metrics: %v", err)
		}
	}
	return nil
}

// checkAddrs refuses what cannot be listened on or dialled.
func checkAddrs(flag string, addrs []string) error {
	check := config.CheckPeer
	switch flag {
	case "listen":
		check = config.CheckListen
	case "bootstrap":
		check = config.CheckEntry
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
