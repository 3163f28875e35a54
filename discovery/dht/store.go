package dht

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/path"
	"github.com/ipfs/go-cid"
	kad "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	mh "github.com/multiformats/go-multihash"

	"github.com/truce-im/truce/discovery/rendezvous"
)

// Sizes of the DHT of a network of its own. The usual bucket of 20 makes nearly a
// full mesh of a hundred nodes. But kad-dht that does not refresh by itself takes up
// the others again and again, at 40 MB an hour, where a bucket is full and the table has
// no more than ten peers: so 11 is the least.
const (
	bucketSize  = 11
	concurrency = 3
	resiliency  = 3
)

// store puts and gets sealed records. Each is the value of an IPNS record, because
// that is what the servers of the public network keep for anybody.
type store struct {
	kad   *kad.IpfsDHT
	guest host.Host // made for this store alone; nil: none
	serve bool      // it is a server

	open context.Context // until it is closed
	shut context.CancelFunc
	wg   sync.WaitGroup // of dials

	entering  chan struct{} // 1 deep: who enters
	refreshed time.Time     // when the routing table was filled last; of who enters
}

// PublicBootstrap are the well-known peers by which one enters the network of IPFS.
func PublicBootstrap() []peer.AddrInfo { return kad.GetDefaultBootstrapPeerAddrInfos() }

// client tells whether it takes part as a client.
func (c Config) client() bool { return c.Guest != nil || c.Client != nil && c.Client() }

func (c Config) open() (*store, error) {
	s := &store{entering: make(chan struct{}, 1)}
	s.open, s.shut = context.WithCancel(context.Background())
	h, mode := c.Node, kad.Mode(kad.ModeServer)
	if s.serve = !c.client(); !s.serve {
		mode = kad.Mode(kad.ModeClient)
	}
	if c.Guest != nil {
		var err error
		if s.guest, err = c.Guest(); err != nil {
			return nil, err
		}
		h = s.guest
	}
	opts := []kad.Option{
		mode,
		// What a server says of others is a stranger's word: without the filter it has
		// us knock at any port of this machine and of the network at home.
		kad.AddressFilter(public),
		// It would fill the table every ten minutes, in small networks every two, and
		// with bootstrap peers of its own dial them as often. See join.
		kad.DisableAutoRefresh(),
	}
	if c.Prefix != "" {
		opts = append(opts, kad.ProtocolPrefix(c.Prefix), kad.BucketSize(bucketSize), kad.Concurrency(concurrency), kad.Resiliency(resiliency),
			kad.DisableProviders())
	}
	var err error
	if s.kad, err = kad.New(h, opts...); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *store) close() (err error) {
	s.shut()
	s.wg.Wait()
	if s.kad != nil {
		err = s.kad.Close()
	}
	if s.guest != nil {
		err = errors.Join(err, s.guest.Close())
	}
	return err
}

// join connects to the bootstrap peers, if the routing table is empty. A server has it
// filled now and then, by which others come to know the server; to lookups a few peers
// are enough.
func (s *store) join(ctx context.Context, peers []peer.AddrInfo) error {
	select {
	case s.entering <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.entering }()
	if err := s.enter(ctx, peers); err != nil {
		return err
	}
	if s.serve && time.Since(s.refreshed) > refreshEvery {
		s.refreshed = time.Now()
		s.kad.RefreshRoutingTable() // it takes seconds: nobody waits
	}
	return nil
}

func (s *store) enter(ctx context.Context, peers []peer.AddrInfo) error {
	if s.kad.RoutingTable().Size() > 0 {
		return nil
	}
	if len(peers) == 0 {
		return ErrAlone
	}
	errs := make([]error, len(peers))
	var dials sync.WaitGroup
	for i, p := range peers { // one is enough to enter by; the others go on
		dials.Go(func() { errs[i] = s.kad.Host().Connect(s.open, p) })
	}
	ended := make(chan struct{})
	s.wg.Go(func() {
		dials.Wait()
		close(ended)
	})
	// Identify tells the DHT of whom we are connected with, a little later.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for left := joinTicks; left > 0; {
		if s.kad.RoutingTable().Size() > 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-ended:
			if !slices.Contains(errs, nil) {
				return closed(errs)
			}
			left--
		default:
		}
	}
	return errors.Join(errSilent, errors.Join(errs...))
}

// closed is why nobody let us in, in one line: libp2p has one for each address.
func closed(errs []error) error {
	why, errno := errors.New("no answer"), syscall.Errno(0)
	switch all := errors.Join(errs...); {
	case errors.As(all, &errno):
		why = errno
	case errors.Is(all, swarm.ErrNoGoodAddresses):
		why = errors.New("their names lead nowhere")
	}
	return fmt.Errorf("no way into the network, %d tried: %w", len(errs), why)
}

const (
	joinTicks    = 100       // for how long a peer may take to say that it is in the DHT: 5 s
	refreshEvery = time.Hour // at most
)

// put writes sealed as what signer says until then. Of two, the one with the higher
// seq counts.
func (s *store) put(ctx context.Context, signer ed25519.PrivateKey, sealed []byte, seq uint64, until time.Time) error {
	key, name, err := ipnsKey(signer)
	if err != nil {
		return err
	}
	digest, err := mh.Sum(sealed, mh.IDENTITY, -1)
	if err != nil {
		return err
	}
	rec, err := ipns.NewRecord(key, path.FromCid(cid.NewCidV1(cid.Raw, digest)), seq, until, time.Hour)
	if err != nil {
		return err
	}
	value, err := ipns.MarshalRecord(rec)
	if err != nil {
		return err
	}
	return s.kad.PutValue(ctx, string(name.RoutingKey()), value)
}

// get returns what signer said last. The signature and the time up to which it
// counts have been checked.
func (s *store) get(ctx context.Context, signer ed25519.PrivateKey) (sealed []byte, err error) {
	_, name, err := ipnsKey(signer)
	if err != nil {
		return nil, err
	}
	value, err := s.kad.GetValue(ctx, string(name.RoutingKey()))
	if err != nil {
		return nil, err
	}
	rec, err := ipns.UnmarshalRecord(value)
	if err != nil {
		return nil, err
	}
	p, err := rec.Value()
	if err != nil {
		return nil, err
	}
	immutable, err := path.NewImmutablePath(p)
	if err != nil {
		return nil, err
	}
	digest, err := mh.Decode(immutable.RootCid().Hash())
	if err != nil || digest.Code != mh.IDENTITY {
		return nil, errors.Join(errNotOurs, err)
	}
	return digest.Digest, nil
}

var (
	// ErrAlone says that nobody was named to enter by, and nobody has come.
	ErrAlone = errors.New("nobody else is in the network yet")

	errSilent = errors.New("who was named is there, but not in the network")
)

var errNotOurs = errors.New("a record that is none of ours")

func ipnsKey(signer ed25519.PrivateKey) (crypto.PrivKey, ipns.Name, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(signer)
	if err != nil {
		return nil, ipns.Name{}, err
	}
	id, err := peer.IDFromPrivateKey(key)
	return key, ipns.NameFromPeer(id), err
}

// nothing reports whether an error says that there is no such record.
func nothing(err error) bool {
	return err == nil || errors.Is(err, routing.ErrNotFound) || errors.Is(err, rendezvous.ErrRecord) || errors.Is(err, errNotOurs)
}
