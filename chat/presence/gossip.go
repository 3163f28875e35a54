package presence

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// Protocol is the id of the gossip streams: gossipsub, among contacts alone.
const Protocol protocol.ID = "/truce/gossip/1.0.0"

// Limits of what one peer says by gossip. pubsub remembers every message for two
// minutes, also one that is refused.
const (
	maxRPC       = 64 << 10 // bytes: some ten of the longest records
	gossipBurst  = 1024     // messages at once: all whom both know, each with a few devices
	gossipRate   = 16       // and a second: the beats of 960 devices
	maxTalkative = 4096     // peers counted one by one
)

// gossip carries records between people who have a contact in common. All topics
// are relayed, never subscribed to: the validator sees every record.
type gossip struct {
	m    *Manager
	host *fenced

	mu     sync.Mutex
	cancel context.CancelFunc // of ps
	ps     *pubsub.PubSub     // nil: there was no topic yet
	topics map[string]*topic
	peers  map[*link.Contact]map[string]bool
	closed bool

	spent map[peer.ID]*budget // of what each may say; pubsub's loop alone uses it
	taken atomic.Uint64       // records
}

// topic is one view of somebody's presence.
type topic struct {
	account wire.Account
	view    chat.View
	topic   *pubsub.Topic
	leave   pubsub.RelayCancelFunc
	users   int // sessions on which it is named
}

func newGossip(h host.Host, m *Manager) *gossip {
	return &gossip{m: m, host: newFenced(h), topics: map[string]*topic{}, peers: map[*link.Contact]map[string]bool{}, spent: map[peer.ID]*budget{}}
}

// start begins gossip: when there is the first topic, for it costs a tenth of a
// per cent of a core. mu is held.
func (g *gossip) start() error {
	ctx, cancel := context.WithCancel(context.Background())
	params := pubsub.DefaultGossipSubParams()
	params.D, params.Dlo, params.Dhi, params.Dout, params.Dscore, params.Dlazy = 4, 2, 8, 1, 2, 2
	ps, err := pubsub.NewGossipSub(ctx, g.host,
		pubsub.WithGossipSubProtocols([]protocol.ID{Protocol}, features),
		pubsub.WithGossipSubParams(params),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		pubsub.WithFloodPublish(true),
		pubsub.WithMaxMessageSize(maxRPC),
		pubsub.WithSubscriptionFilter(g),
		pubsub.WithAppSpecificRpcInspector(g.inspect),
		pubsub.WithPeerOutboundQueueSize(256),
		pubsub.WithLogger(slog.New(slog.DiscardHandler)), // it names topics, and on standard error
	)
	if err != nil {
		cancel()
		return err
	}
	g.ps, g.cancel = ps, cancel
	return nil
}

// messageID names a message in few bytes: who sends it chooses its length.
func messageID(m *pb.Message) string {
	sum := sha256.Sum256(m.Data)
	return string(sum[:])
}

// errTalkative says that a peer has said more than anybody has to say.
var errTalkative = errors.New("the peer says too much by gossip")

// inspect drops what carries messages beyond the bounds, or of peers to whom
// nothing is named.
func (g *gossip) inspect(p peer.ID, rpc *pubsub.RPC) error {
	if len(rpc.GetPublish()) == 0 {
		return nil
	}
	if g.host.names(p) == nil {
		return errTalkative
	}
	b := g.spent[p]
	if b == nil {
		if len(g.spent) >= maxTalkative {
			clear(g.spent)
		}
		b = &budget{at: time.Now(), left: gossipBurst, most: gossipBurst, per: time.Second / gossipRate}
		g.spent[p] = b
	}
	for range rpc.GetPublish() {
		if b.take(time.Now()) > 0 {
			return errTalkative
		}
	}
	return nil
}

func features(f pubsub.GossipSubFeature, _ protocol.ID) bool { return f == pubsub.GossipSubFeatureMesh }

func (g *gossip) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, t := range g.topics {
		t.leave()
		t.topic.Close()
	}
	if g.cancel != nil {
		g.cancel()
	}
	g.host.close()
}

// allow names exactly these topics on a session.
func (g *gossip) allow(c *link.Contact, views map[wire.Account]chat.View) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	now := map[string]bool{}
	for a, v := range views {
		name := v.Secret.Topic()
		if g.join(name, a, v) {
			now[name] = true
		}
	}
	was := g.peers[c]
	if maps.Equal(now, was) {
		return
	}
	for name := range now {
		if !was[name] {
			g.topics[name].users++
		}
	}
	g.peers[c] = now
	if len(now) == 0 {
		delete(g.peers, c)
	}
	g.host.allow(c.Peer, g.namedTo(c.Peer))
	for name := range was {
		if !now[name] {
			g.drop(name)
		}
	}
}

// namedTo returns what is named to a peer, on all its sessions.
func (g *gossip) namedTo(p peer.ID) map[string]bool {
	all := map[string]bool{}
	for c, names := range g.peers {
		if c.Peer == p {
			maps.Copy(all, names)
		}
	}
	return all
}

// join joins a topic, and reports whether that went. mu is held.
func (g *gossip) join(name string, a wire.Account, v chat.View) bool {
	if g.topics[name] != nil {
		return true
	}
	if g.ps == nil {
		if err := g.start(); err != nil {
			g.m.log.Warn("presence is told over sessions alone", "error", err)
			return false
		}
	}
	t := &topic{account: a, view: v}
	err := g.ps.RegisterTopicValidator(name, t.validator(g.m), pubsub.WithValidatorInline(true))
	if err == nil {
		t.topic, err = g.ps.Join(name)
	}
	if err == nil {
		t.leave, err = t.topic.Relay()
	}
	if err != nil {
		g.m.log.Warn("cannot follow a contact by gossip", "error", err)
		return false
	}
	g.topics[name] = t
	return true
}

// drop leaves a topic that is named to nobody any more. mu is held.
func (g *gossip) drop(name string) {
	t := g.topics[name]
	if t.users--; t.users > 0 {
		return
	}
	t.leave()
	t.topic.Close()
	g.ps.UnregisterTopicValidator(name)
	delete(g.topics, name)
}

// passOn publishes a record of a contact that came on a session with it.
func (g *gossip) passOn(a wire.Account, epoch uint64, record []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.topics {
		if t.account == a && t.view.Epoch == epoch {
			ctx, cancel := context.WithTimeout(g.m.ctx, time.Second)
			t.topic.Publish(ctx, t.view.Secret.Seal(record)) // who does not get it gets the next
			cancel()
		}
	}
}

// validator takes what comes by gossip. Only what is new is passed on.
func (t *topic) validator(m *Manager) pubsub.ValidatorEx {
	return func(_ context.Context, from peer.ID, msg *pubsub.Message) pubsub.ValidationResult {
		if from == m.gossip.host.ID() {
			return pubsub.ValidationAccept // taken already, on the session
		}
		record, err := t.view.Secret.Open(msg.Data)
		if err != nil {
			return pubsub.ValidationReject
		}
		d, p, err := wire.ParsePresence(t.account, record)
		if err != nil || p.Epoch != t.view.Epoch {
			return pubsub.ValidationReject
		}
		switch err := m.chat.TakePresence(t.account, d, p); {
		case errors.Is(err, chat.ErrProtocol):
			return pubsub.ValidationReject
		case err != nil:
			return pubsub.ValidationIgnore
		}
		m.gossip.taken.Add(1)
		m.heard(chat.PresentFor)
		return pubsub.ValidationAccept
	}
}

// CanSubscribe implements pubsub.SubscriptionFilter.
func (g *gossip) CanSubscribe(string) bool { return true }

// FilterIncomingSubscriptions keeps what a peer wants of topics that are named to
// it, so that it makes us remember nothing else.
func (g *gossip) FilterIncomingSubscriptions(p peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	return g.host.filter(p, subs), nil
}
