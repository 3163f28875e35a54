package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/cmd/internal/config"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config [NAME [VALUE]]",
		Short: "shows or changes settings",
		Long: `Shows all settings, or one, and with VALUE changes it. These are kept with the account
and hold at once:

` + storedTable() + `

While you are invisible nothing answers, and nobody is answered twice in one absence
or for an answer of their own program; only contacts to whom you show your full
presence are. An empty auto_reply is off.

A message that is read counts all before it as read. So others see of what you read
while receipts were off as soon as you switch them on again and read a later one.

These stand in config.toml in the home, which you may edit yourself:

` + fileTable() + `

They hold from the next start on, or once "truce run" gets SIGHUP; flags of "truce
run" and "truce" win over them. A list is written with spaces in between; an empty VALUE takes a setting out of
the file. A backup does not hold it.`,
		Example: `  truce config
  truce config read_receipts false
  truce config auto_reply "back at noon"
  truce config listen "/ip4/0.0.0.0/tcp/4001 /ip4/0.0.0.0/udp/4001/quic-v1"
  truce config listen ""`,
		Args:              between(0, 2),
		ValidArgsFunction: completeSetting,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := a.settings(cmd.Context(), args)
			if err != nil {
				return err
			}
			return rows(a, list, "name value", func(s client.Setting) []string {
				return []string{s.Name, s.Value}
			})
		},
	}
	keyFlag(cmd)
	return cmd
}

// storeSettings are kept with the account, and hold at once.
var storeSettings = [][2]string{
	{chat.ReadReceipts, "whether others see what you have read"},
	{chat.Typing, "whether others see that you write a message"},
	{chat.AutoReply, "answers the first message of each contact while you are away or busy"},
	{chat.AwayAfter, "after how long without a key you are shown as away; 0: never"},
	{chat.Nearby, "whether people on this network see you and can ask you"},
	{chat.Hide, "whether nobody but relays sees where you are"},
	{chat.UsePresence, "whether contacts see you, and you them; if not, messages come and go all the same"},
	{chat.UseMessages, "whether you write and are written to; if not, messages of contacts wait with them"},
	{chat.Notify, "how the chat tells of messages: bell, osc9 or osc777 (which some terminals show as a notification), or off"},
	{chat.OnLeave, "whether a node that the chat started goes on when you leave it: ask, stay or stop"},
}

// choices are the values of settings that have but a few, and are not switches.
var choices = map[string][]string{
	chat.Notify:  {"bell", "osc9", "osc777", "off"},
	chat.OnLeave: {"ask", "stay", "stop"},
}

// switches are the settings of the account that are true or false.
var switches = []string{chat.ReadReceipts, chat.Typing, chat.Nearby, chat.UsePresence, chat.UseMessages, chat.Hide}

// storedTable lists the settings of the account for people.
func storedTable() string { return settingTable(storeSettings) }

// fileTable lists those of config.toml.
func fileTable() string {
	var list [][2]string
	for _, s := range config.Settings {
		list = append(list, [2]string{s.Name, s.Help})
	}
	return settingTable(list)
}

func settingTable(list [][2]string) string {
	var b strings.Builder
	for _, s := range list {
		for i, line := range wrap(s[1], helpWidth-17) {
			fmt.Fprintf(&b, "  %-14s %s\n", []string{s[0], ""}[min(i, 1)], line)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func completeSetting(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	var names []string
	switch {
	case len(args) == 0:
		for _, s := range storeSettings {
			names = append(names, s[0])
		}
		for _, s := range config.Settings {
			names = append(names, s.Name)
		}
	case len(args) == 1 && (slices.Contains(switches, args[0]) || config.Switch(args[0])):
		names = []string{"true", "false"}
	case len(args) == 1:
		names = choices[args[0]]
	}
	return beginning(names, begun), cobra.ShellCompDirectiveNoFileComp
}

// settings shows or changes what args name: in the file, or in the store.
func (a *app) settings(ctx context.Context, args []string) ([]client.Setting, error) {
	if !node.Exists(a.home) {
		return nil, errNoAccount
	}
	file, err := a.configFile()
	if err != nil {
		return nil, err
	}
	for _, arg := range args {
		if !utf8.ValidString(arg) {
			return nil, usagef("%q is not UTF-8", arg)
		}
	}
	if len(args) > 0 && config.Known(args[0]) {
		if len(args) == 2 {
			if file, err = a.setInFile(args[0], args[1]); err != nil {
				return nil, err
			}
		}
		return []client.Setting{{Name: args[0], Value: file.Get(args[0])}}, nil
	}
	var list []client.Setting
	err = a.do(ctx, func(ctx context.Context, s session) (err error) {
		list, err = storedSettings(ctx, s, args)
		return err
	})
	if len(args) == 0 && err == nil {
		for _, s := range config.Settings {
			list = append(list, client.Setting{Name: s.Name, Value: file.Get(s.Name)})
		}
	}
	return list, err
}

func storedSettings(ctx context.Context, s session, args []string) ([]client.Setting, error) {
	var one client.Setting
	var err error
	switch len(args) {
	case 0:
		return s.Settings(ctx)
	case 1:
		one, err = s.Setting(ctx, args[0])
	case 2:
		one, err = s.SetSetting(ctx, args[0], args[1])
	}
	var e *client.Error
	if errors.As(err, &e) && e.Code == client.CodeNotFound {
		return nil, &client.Error{Code: e.Code, Message: e.Message, Hint: "`truce config` lists the settings"}
	}
	return []client.Setting{one}, err
}

func (a *app) setInFile(name, value string) (config.File, error) {
	if err := config.Set(a.home, name, value); err != nil {
		return config.File{}, badConfig(a.home, err)
	}
	if name != plainSetting {
		a.note("this holds from the next start of the node on, or once `truce run` gets SIGHUP")
	}
	return a.configFile()
}

func (a *app) configFile() (config.File, error) {
	f, err := config.Load(a.home)
	return f, badConfig(a.home, err)
}

// badConfig makes wrong usage of what the owner of the file wrote.
func badConfig(home string, err error) error {
	var e *config.Error
	if !errors.As(err, &e) {
		return err
	}
	bad := usagef("%v", e)
	bad.Hint = "`truce help config` explains the names"
	if e.InFile() {
		bad.Hint = "edit or remove " + filepath.Join(home, config.FileName)
	}
	return bad
}

// configured fills in what the file of the home says of a node, but for what
// was given as flags.
func (a *app) configured(cfg node.Config, given ...string) (node.Config, error) {
	f, err := a.configFile()
	if err != nil {
		return cfg, err
	}
	if cfg.DHT == nil {
		cfg.DHT = &node.DHT{}
	}
	fill := func(flag string, from func()) {
		if !slices.Contains(given, flag) {
			from()
		}
	}
	fill("listen", func() { cfg.Listen = f.List("listen") })
	fill("peer", func() { cfg.Peers = f.List("peer") })
	fill("mdns", func() { cfg.NoMDNS = !f.Bool("mdns") })
	fill("bootstrap", func() { cfg.DHT.Bootstrap = f.List("bootstrap") })
	fill("network", func() { cfg.DHT.Network = f.Text("network") })
	fill("relay", func() { cfg.Relays = f.List("relay") })
	fill("portmap", func() { cfg.PortMap = f.Bool("portmap") })
	fill("public", func() { cfg.Public = f.Bool("public") })
	fill("serve-relay", func() { cfg.NoRelay = !f.Bool("serve_relay") })
	fill("dht", func() {
		if !f.Bool("dht") {
			cfg.DHT = nil
		}
	})
	if cfg.DHT != nil && len(cfg.DHT.Bootstrap) == 0 && cfg.DHT.Network == "" {
		err = enterByDefault(&cfg)
	}
	return cfg, err
}

// enterByDefault has $TRUCE_BOOTSTRAP say by whom the DHT is entered in place of the
// well-known nodes of IPFS.
func enterByDefault(cfg *node.Config) error {
	switch by := strings.Fields(os.Getenv("TRUCE_BOOTSTRAP")); {
	case len(by) == 1 && by[0] == "none":
		if !cfg.Public { // others may enter by it
			cfg.DHT = nil
		} else {
			cfg.DHT.NoEntry = true
		}
	case len(by) > 0:
		for _, s := range by {
			if err := config.CheckEntry(s); err != nil {
				return usagef("TRUCE_BOOTSTRAP: %v", err)
			}
		}
		cfg.DHT.Bootstrap = by
	}
	return nil
}
