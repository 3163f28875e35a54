package discovery

import (
	"context"
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrClosed is returned by Next once the Finder is closed.
var ErrClosed = errors.New("discovery: closed")

// Names of the built-in sources, as they appear in Found.Source.
const (
	SourceKnown = "known" // an address that worked before, from the Cache
	SourceUser  = "user"  // Target.Given
	SourceLink  = "link"  // Target.Hints
	SourceMDNS  = "mdns"  // heard on the local network
)

// Key is a secret under which an announcement is made or heard. The caller
// derives one per pair and direction.
type Key [32]byte

// ID is the caller's opaque name of somebody sought. It never leaves this
// machine.
type ID [32]byte

// Target is somebody to look for and to announce ourselves to.
type Target struct {
	ID    ID
	Hear  []Key           // keys under which the target's announcements open to us
	Tell  []Key           // keys under which we announce ourselves to it
	Far   bool            // but not on the local network: it must not see where we are
	Hints []peer.AddrInfo // addresses from its link, best first; the first MaxCandidates count
	Given []peer.AddrInfo // addresses that the user or the target itself told us: private ones are allowed
}

// Found is one place where a target may be.
type Found struct {
	ID     ID
	Peer   peer.AddrInfo // at least one address, at most MaxAddrs, filtered by rule 30; ID may be empty if a hint had none
	Source string        // who says so: SourceKnown, SourceUser, SourceLink, SourceMDNS or the Name of another Source
}

// Finder is what a node needs of this package. *Manager implements it.
type Finder interface {
	// SetTargets replaces whom we look for and announce ourselves to;
	// extraTell are keys of no target in particular, such as the one that
	// link holders know. It is cheap when nothing changed. New targets are
	// looked for and announcements renewed at once. The keys and addresses in
	// targets must not be modified afterwards.
	SetTargets(targets []Target, extraTell []Key)

	// Next waits for a candidate. Waiting candidates are coalesced, the newest
	// per target, peer, source and interface, and bounded. It fails with ErrClosed after
	// Close, and with the context's error. One goroutine may call it.
	Next(ctx context.Context) (Found, error)

	// Seek looks again for one target. Sources keep a back-off of their own,
	// so calling it often is harmless. An unknown id is ignored.
	Seek(id ID)

	// Report tells how dialling f went. nil: the addresses in f worked (pass
	// only those that did) and go to the Cache. An error: they are not offered
	// again for FailureTTL unless the target is heard afresh on the local
	// network or our own network changes.
	Report(f Found, err error)

	// SetBeacon shows data, of 1 to MaxBeacon bytes, to everybody on the local
	// network, with our peer id; nil, as at first: nothing. It holds at once,
	// and is said in the open: who is asked not to look still can.
	SetBeacon(data []byte)

	// Beacons returns what others show to everybody, the longest known first, at
	// most MaxBeacons of them. Anybody can show anything: a claim to be proved.
	// Data must not be modified.
	Beacons() []Beacon

	// NetworkChanges has a value whenever interfaces or addresses of this
	// machine changed since the last receive.
	NetworkChanges() <-chan struct{}

	// Status tells how discovery on the local network fares.
	Status() Status

	// Close says goodbye on the local network, stops everything and waits for
	// it. Further calls do nothing.
	Close() error
}

// Cache keeps addresses that worked. The caller puts it on disk. It is called
// from several goroutines.
type Cache interface {
	// Addrs returns what worked for id, best first.
	Addrs(id ID) []peer.AddrInfo
	// Worked records that a connection to id was made there.
	Worked(id ID, at peer.AddrInfo)
}
