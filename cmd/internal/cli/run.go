package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/redact"
)

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [--name NAME] [--listen MULTIADDR] [--bootstrap MULTIADDR]",
		Short: "runs the node in the foreground",
		Long: `Runs the node of this home until it is interrupted, and prints what happens.
Makes the account if there is none. --listen, --peer and --bootstrap may be given
several times; what is not given is taken from config.toml, see "truce help config".
Contacts find each other over the internet in a DHT: that of IPFS, or with --network
one of your own; --bootstrap names nodes to enter it by, in place of the well-known
ones or, with "--bootstrap ipfs" as well, beside them ($TRUCE_BOOTSTRAP does the
same, "none": none). Who cannot be reached directly is reached by relays: those of
--relay, of contacts and of the DHT. --public is for a node that everybody can reach:
it serves the DHT and relays for others, but for --serve-relay=false; "truce id"
prints the addresses by which others enter.

SIGHUP has it read config.toml again and go on the network accordingly: sessions
begin anew, messages wait meanwhile, and flags still win. A file with a mistake
changes nothing, and standard error names the line. A node that was started with a
terminal as its standard input ends cleanly instead, for then the terminal is gone.

--log tells on standard error what goes wrong with whom: of peer ids and addresses a
part, never a text, a name or an account. What happens, which is printed, has all of
that: a service keeps it out of its log by --quiet. --metrics serves numbers about
the node for Prometheus; at an address beyond this machine anybody who reaches it can
read them. A service manager that sets $NOTIFY_SOCKET is told when the node is ready.`,
		Example: `  truce run
  truce run --home /srv/truce --name box --listen /ip4/0.0.0.0/tcp/4001
  truce run --quiet --log warn --metrics 127.0.0.1:9464`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.given = flagsOf(cmd)
			return a.run(cmd.Context(), &f)
		},
	}
	f.add(cmd.Flags())
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
	handler := func(from slog.Level) slog.Handler {
		return redact.Handler(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: from}))
	}
	node.LibraryLog(handler(max(l, slog.LevelWarn))) // whose every step is nobody's concern
	return slog.New(handler(l)), nil
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
func (a *app) run(ctx context.Context, f *runFlags) error {
	way, err := a.wayBy(f)
	if err != nil {
		return err
	}
	if way.node.Log, err = a.logger(f.level); err != nil {
		return err
	}
	m := &scrapes{app: a, registry: api.Registry()}
	if way.metrics != "" {
		way.node.Metrics = m.registry
	}
	ctx, hung, done := a.onHangUp(ctx)
	defer done()
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	existed := node.Exists(a.home)
	n, err := a.openToStay(ctx, way.node)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	// Whoever read the output has left: that too is to end in a goodbye.
	signal.Ignore(syscall.SIGPIPE)
	h, err := host(n, api.Options{Stop: stop})
	if err != nil {
		return err
	}
	m.registry.MustRegister(api.Collector(n))
	if err := m.serve(way.metrics); err != nil {
		return errors.Join(err, h.Close())
	}
	a.greet(n, existed, f.cfg.Name)
	var reloads sync.WaitGroup
	reloads.Go(func() { a.reload(ctx, hung, f, n, m) })
	err = a.printUntil(ctx, n, f.quiet)
	stop()
	reloads.Wait()
	a.notifyManager("STOPPING=1")
	return errors.Join(err, m.serve(""), h.Close())
}

// printUntil prints the ready line and what happens after it, until ctx ends or
// nobody reads any more; with quiet it only waits.
func (a *app) printUntil(ctx context.Context, n *node.Node, quiet bool) error {
	if quiet {
		a.notifyManager("READY=1")
		<-ctx.Done()
		return nil
	}
	cursor := n.Chat().Cursor()
	if err := a.printReady(n, cursor); err != nil {
		return err
	}
	a.notifyManager("READY=1")
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
