package discovery

import (
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Limits on what others can make us remember and dial.
const (
	// MaxCandidates is how many candidates per target and day a public source
	// may name, and how many hints or cached peers are tried per Seek: who owns
	// a link's key must not turn us into a port scanner.
	MaxCandidates = 8

	// MaxAddrs is how many addresses one candidate carries: a machine has an
	// IPv4, a link-local and a few other IPv6 addresses, each over QUIC and TCP.
	MaxAddrs = 8

	// FailureTTL is how long an address that failed is left alone.
	FailureTTL = 10 * time.Minute

	// maxFailures is how many failed addresses are remembered; the oldest go
	// first. 300 contacts of 8 addresses fit.
	maxFailures = 4096

	// maxWaiting is how many candidates of one target wait for Next; older
	// ones are dropped.
	maxWaiting = 16

	// maxAddrLen is the longest multiaddr taken, in bytes: a relayed address
	// with two peer ids needs about 100.
	maxAddrLen = 256
)

// Config says what a Manager works with. The zero value finds people at known
// and given addresses only.
type Config struct {
	Self    peer.ID               // us: announced, and never offered as a candidate; empty: we are not announced
	Ports   func() (tcp, udp int) // the ports we listen on, 0 for none; nil or both 0: we are not announced. Called on a goroutine of ours
	MDNS    bool                  // look and announce on the local network
	Cache   Cache                 // nil: nothing is remembered
	Sources []Source              // further sources, for instance a DHT
	Network Network               // nil: this machine
	Log     *slog.Logger          // nil: discarded
}
