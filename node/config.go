package node

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/discovery"
)

// Config says how a Node runs. Only Home is required.
type Config struct {
	// Home is the directory that holds everything the node owns; it is made if
	// absent, with mode 0700. DefaultHome is the usual one.
	Home string

	// Name is suggested to others by an account that must be made; empty: none
	// is. An account that is there keeps its name.
	Name string

	// Passphrase is asked for the passphrase of a home that is protected; nil:
	// nobody knows it. It is called once at most, while the home is not locked,
	// and what it returns is overwritten.
	Passphrase func() ([]byte, error)

	// Protect is the passphrase of a home that must be made; empty: none. One
	// that is there stays as it is; see Node.SetPassphrase.
	Protect []byte

	// Seed is the Ed25519 seed of the account of a home that must be made; nil:
	// one is drawn. A seed is what the 24 words stand for.
	Seed *[32]byte

	// Listen holds multiaddrs to listen on, replacing the default: TCP and
	// QUIC, IPv4 and IPv6, on a port drawn once and kept.
	Listen []string

	// Peers holds multiaddrs, ending in /p2p/ID, of nodes where contacts may
	// be; they are tried besides what is found.
	Peers []string

	// NoMDNS keeps the node from finding and being found on the local network.
	NoMDNS bool

	// DHT is by which DHT contacts are found beyond the local network; nil: by
	// none.
	DHT *DHT

	// Public says that everybody can reach this node: it serves the DHT, and relays
	// for others within limits, unless NoRelay.
	Public  bool
	NoRelay bool

	// Relays holds multiaddrs, ending in /p2p/ID, of relays to be reached by, before
	// those that contacts and the DHT offer. Without any, and without a DHT, the node
	// is reached directly only.
	Relays []string

	// PortMap asks the router, by UPnP or NAT-PMP, to let others in, unless the node is
	// public or is reached directly only.
	PortMap bool

	// Offline opens the account without any network.
	Offline bool

	// Log receives what happens; nil: nothing. It never sees a text, a name or
	// an account, and of peer ids and addresses a part only: see package redact.
	Log *slog.Logger

	// Metrics receives libp2p's own metrics, which all nodes of a process share; nil: none
	// are kept. Those of the node are its Stats.
	Metrics prometheus.Registerer

	// Now is the clock that stamps messages; nil: time.Now.
	Now func() time.Time

	// Network and Options replace parts of the machine in tests on a simulated
	// network; nil: the machine's own.
	Network discovery.Network
	Options []libp2p.Option
}

// ErrLocked is matched by the error of Open on a home in which a node runs.
var ErrLocked = errors.New("the home is in use")

// DefaultHome is $TRUCE_HOME, else truce in $XDG_DATA_HOME, else in
// ~/.local/share (on Windows in %LocalAppData%).
func DefaultHome() string {
	if dir := os.Getenv("TRUCE_HOME"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "truce")
	}
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("LocalAppData"), "truce")
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return "truce-home"
	}
	return filepath.Join(dir, ".local", "share", "truce")
}

// Exists reports whether there is an account in this home.
func Exists(home string) bool {
	_, err := os.Stat(filepath.Join(home, storeFile))
	return err == nil
}

// Size is how many bytes the store in this home has, which is about what a
// backup takes; 0 if there is none.
func Size(home string) int64 {
	info, err := os.Stat(filepath.Join(home, storeFile))
	if err != nil {
		return 0
	}
	return info.Size()
}

func failed(err error, hint string) error {
	var e *chat.Error
	if errors.As(err, &e) {
		return err
	}
	if hint == "" && errors.Is(err, ErrPassphrase) {
		hint = "try again; if it is lost, your 24 words make the account anew in another home: `truce init --phrase-file FILE`"
	}
	return &chat.Error{Code: chat.CodeFailed, Message: err.Error(), Hint: hint, Err: err}
}
