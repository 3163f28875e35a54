// Package host makes the libp2p host that a node stands on: TCP and QUIC on
// one port, IPv4 and IPv6, nothing but post-quantum TLS 1.3, limits that fit
// a small box, and none of libp2p's optional services.
//
// # Promises
//
// Every connection that reaches the swarm, dialled or accepted, has negotiated
// X25519MLKEM768. The key exchange is hybrid; authentication (Ed25519 over an
// ECDSA certificate) is classical. Noise is not offered. Our certificate is
// valid whatever the other side's clock says.
//
// # What the caller owes
//
// Close the host, after ending its own stream handlers: Close does not wait
// for those. Protect the peers it wants to keep in h.ConnManager(). libp2p
// itself logs errors to standard error, closing a listener among them; the
// program decides about that for the whole process, before the first host,
// with node.LibraryLog.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/prometheus/client_golang/prometheus"
)

// UserAgent is what identify tells every connected peer about the program.
// It names no version of the build: that would be a fingerprint.
const UserAgent = "truce/1"

// ErrNoPostQuantum says that this process cannot negotiate X25519MLKEM768.
var ErrNoPostQuantum = errors.New("post-quantum key exchange is switched off")

// Config says what host New makes. Only Key is required.
type Config struct {
	// Key is the transport key: Ed25519, and the peer id follows from it.
	Key crypto.PrivKey

	// Listen holds the multiaddrs to listen on, every one of which must
	// succeed. Empty: all IPv4 and IPv6 addresses, TCP and QUIC on Port.
	Listen []string

	// Port serves the default Listen only. 0 picks one that is free for TCP
	// and UDP. A port that is taken is replaced by a free one, with a
	// warning in Log.
	Port int

	// MetricsRegisterer receives libp2p's Prometheus metrics; nil: none are
	// kept.
	MetricsRegisterer prometheus.Registerer

	// Beyond says how it gets through NATs; nil: not at all.
	Beyond *Beyond

	// Log may be nil.
	Log *slog.Logger

	// Options are applied last: a simulated QUIC network, say. A second
	// connection gater, resource manager or connection manager is an error.
	Options []libp2p.Option
}

// New makes a host that listens. ctx bounds the set-up alone; to end the host,
// close it. The error is ErrNoPostQuantum when the process's settings forbid
// the key exchange that every connection must have.
func New(ctx context.Context, cfg Config) (corehost.Host, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Key == nil {
		return nil, errors.New("host: no transport key")
	}
	if !offersPostQuantum() {
		return nil, fmt.Errorf("host: %w: remove tlsmlkem=0 from GODEBUG and start again", ErrNoPostQuantum)
	}
	h, err := build(cfg)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	if cfg.Beyond == nil || !cfg.Beyond.Hidden {
		if err := listen(ctx, h.Network().(*swarm.Swarm), cfg); err != nil {
			return nil, errors.Join(fmt.Errorf("host: %w", err), h.Close())
		}
	}
	if cfg.Beyond != nil && !cfg.Beyond.Public {
		h.RemoveStreamHandler(autonatv2.DialProtocol) // whom we cannot reach may be reached by others
	}
	return h, nil
}

// build makes the host without listening yet.
func build(cfg Config) (corehost.Host, error) {
	resources, err := newResourceManager(cfg.MetricsRegisterer != nil)
	if err != nil {
		return nil, err
	}
	conns, err := newConnManager()
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	metrics := libp2p.DisableMetrics()
	if cfg.MetricsRegisterer != nil {
		metrics = libp2p.PrometheusRegisterer(cfg.MetricsRegisterer)
	}
	opts := append([]libp2p.Option{
		libp2p.Identity(cfg.Key),
		libp2p.NoListenAddrs,
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(libp2pquic.NewTransport, libp2pquic.WithTLSIdentityOption(timeless)),
		libp2p.Security(libp2ptls.ID, newSecureTransport),
		libp2p.Muxer(yamux.ID, muxer{yamux.DefaultTransport}),
		libp2p.ConnectionGater(gater{cfg.Beyond}),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(conns),
		libp2p.SwarmOpts(swarm.WithDialRanker(rankDials)),
		libp2p.UserAgent(UserAgent),
		metrics,
		quiet,
		cfg.Beyond.options(cfg.MetricsRegisterer),
	}, cfg.Options...)
	h, err := libp2p.New(opts...)
	if err != nil {
		return nil, errors.Join(err, conns.Close(), resources.Close())
	}
	return h, nil
}

// quiet switches off what answers or judges on its own.
var quiet = libp2p.ChainOptions(
	libp2p.Ping(false),
	// These take 95 failed dials of 100 for a network that drops UDP or
	// IPv6, and stop dialling it. Ours fail because contacts are away.
	libp2p.UDPBlackHoleSuccessCounter(nil),
	libp2p.IPv6BlackHoleSuccessCounter(nil),
)
