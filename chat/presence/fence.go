package presence

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"google.golang.org/protobuf/proto"
)

// fenced is a host as pubsub may see it: only the peers to which a topic is named
// are there, and to each nothing is written of any other topic. pubsub itself
// would tell everybody connected all that it follows.
type fenced struct {
	host.Host
	bus event.Bus
	new event.Emitter

	wg      sync.WaitGroup // of streams
	mu      sync.Mutex
	allowed map[peer.ID]map[string]bool
	streams map[peer.ID]*fencedStream
	handler network.StreamHandler // of pubsub
}

func newFenced(h host.Host) *fenced {
	f := &fenced{Host: h, bus: eventbus.NewBus(), allowed: map[peer.ID]map[string]bool{}, streams: map[peer.ID]*fencedStream{}}
	f.new, _ = f.bus.Emitter(new(event.EvtPeerIdentificationCompleted))
	return f
}

// allow names exactly these topics to a peer from now on. It does not wait for the
// peer. Nobody changes topics after.
func (f *fenced) allow(p peer.ID, topics map[string]bool) {
	f.mu.Lock()
	s := f.streams[p]
	f.allowed[p] = topics
	if len(topics) == 0 {
		delete(f.allowed, p)
	}
	f.mu.Unlock()
	switch {
	case len(topics) == 0 && s != nil:
		s.Reset()
	case len(topics) > 0 && s == nil:
		f.new.Emit(event.EvtPeerIdentificationCompleted{Peer: p, Protocols: []protocol.ID{Protocol}})
	case s != nil:
		s.touch()
	}
}

func (f *fenced) names(p peer.ID) map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.allowed[p]
}

func (f *fenced) filter(p peer.ID, subs []*pb.RPC_SubOpts) (kept []*pb.RPC_SubOpts) {
	names := f.names(p)
	for _, s := range subs {
		if names[s.GetTopicid()] || !s.GetSubscribe() {
			kept = append(kept, s)
		}
	}
	return kept
}

func (f *fenced) open() { f.Host.SetStreamHandler(Protocol, f.accept) }

func (f *fenced) close() {
	f.Host.RemoveStreamHandler(Protocol)
	f.new.Close()
	f.mu.Lock()
	clear(f.allowed)
	streams := slices.Collect(maps.Values(f.streams))
	f.mu.Unlock()
	for _, s := range streams {
		s.Reset()
	}
	f.wg.Wait()
}

// EventBus is one on which nothing happens but what allow says.
func (f *fenced) EventBus() event.Bus { return f.bus }

// Network has the allowed peers alone.
func (f *fenced) Network() network.Network { return fencedNetwork{f.Host.Network(), f} }

type fencedNetwork struct {
	network.Network
	f *fenced
}

func (n fencedNetwork) Peers() []peer.ID {
	n.f.mu.Lock()
	defer n.f.mu.Unlock()
	return slices.Collect(maps.Keys(n.f.allowed))
}

func (n fencedNetwork) Connectedness(p peer.ID) network.Connectedness {
	if n.f.names(p) == nil {
		return network.NotConnected
	}
	return n.Network.Connectedness(p)
}

// SetStreamHandlerMatch keeps the handler for streams of the allowed peers alone.
func (f *fenced) SetStreamHandlerMatch(id protocol.ID, _ func(protocol.ID) bool, h network.StreamHandler) {
	f.SetStreamHandler(id, h)
}

// SetStreamHandler is likewise.
func (f *fenced) SetStreamHandler(_ protocol.ID, h network.StreamHandler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handler = h
}

// RemoveStreamHandler forgets it.
func (f *fenced) RemoveStreamHandler(protocol.ID) { f.SetStreamHandler(Protocol, nil) }

// accept is the handler on the host itself, from the beginning: a peer that opens
// its stream a moment before we know that there is a topic in common tries again.
func (f *fenced) accept(s network.Stream) {
	p := s.Conn().RemotePeer()
	f.mu.Lock()
	h := f.handler
	if f.allowed[p] == nil {
		h = nil
	}
	f.mu.Unlock()
	if h == nil {
		s.Reset()
		return
	}
	f.answer(p)
	h(s)
}

// answer is called when an allowed peer opens a stream. With the one before its
// pubsub has forgotten what we follow, and tells nothing anew by itself either: it
// is told again, on a stream that is opened if pubsub has given up.
func (f *fenced) answer(p peer.ID) {
	f.mu.Lock()
	s := f.streams[p]
	f.mu.Unlock()
	if s == nil {
		f.new.Emit(event.EvtPeerIdentificationCompleted{Peer: p, Protocols: []protocol.ID{Protocol}})
		return
	}
	s.again.Store(true)
	s.touch()
}

// NewStream opens a stream to an allowed peer, on which other topics are left out.
func (f *fenced) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if f.names(p) == nil {
		return nil, network.ErrNoConn
	}
	ctx = network.WithAllowLimitedConn(network.WithNoDial(ctx, "gossip"), "gossip") // records are small
	s, err := f.Host.NewStream(ctx, p, ids...)
	if err != nil {
		return nil, err
	}
	return f.keep(s, p)
}

// keep makes s the stream to p, unless nothing is named to p any more.
func (f *fenced) keep(s network.Stream, p peer.ID) (network.Stream, error) {
	fs := &fencedStream{Stream: s, f: f, peer: p, wake: make(chan struct{}, 1), done: make(chan struct{})}
	f.mu.Lock()
	names, old := f.allowed[p], f.streams[p]
	if names != nil {
		f.streams[p] = fs
		f.wg.Go(func() { fs.rename(names) })
	}
	f.mu.Unlock()
	if names == nil {
		s.Reset()
		return nil, network.ErrNoConn
	}
	if old != nil {
		old.Reset()
	}
	return fs, nil
}

// fencedStream is written one whole RPC at a time.
type fencedStream struct {
	network.Stream
	f     *fenced
	peer  peer.ID
	mu    sync.Mutex    // of writes
	wake  chan struct{} // 1 deep: other topics may be named now
	again atomic.Bool   // all of them have to be named
	end   sync.Once
	done  chan struct{} // closed at the end
}

func (s *fencedStream) touch() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *fencedStream) Write(b []byte) (int, error) {
	n, skip := binary.Uvarint(b)
	var rpc pb.RPC
	if skip <= 0 || uint64(len(b)-skip) != n || proto.Unmarshal(b[skip:], &rpc) != nil {
		return 0, network.ErrReset
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	strip(&rpc, s.f.names(s.peer))
	return len(b), s.send(&rpc)
}

func (s *fencedStream) send(rpc *pb.RPC) error {
	body, err := proto.Marshal(rpc)
	if err != nil || len(body) == 0 {
		return err
	}
	_, err = s.Stream.Write(append(binary.AppendUvarint(nil, uint64(len(body))), body...))
	return err
}

// rename tells the peer, until the end, of topics that are named to it now, or not
// any more. It is what waits for a peer that does not read.
func (s *fencedStream) rename(told map[string]bool) {
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		now := s.f.names(s.peer)
		if s.again.Swap(false) {
			told = nil
		}
		s.mu.Lock()
		err := s.send(renamed(told, now))
		s.mu.Unlock()
		if err != nil {
			s.Reset()
			return
		}
		told = now
	}
}

func renamed(was, now map[string]bool) *pb.RPC {
	var rpc pb.RPC
	add := func(name string, on bool) {
		rpc.Subscriptions = append(rpc.Subscriptions, &pb.RPC_SubOpts{Topicid: &name, Subscribe: &on})
	}
	for name := range now {
		if !was[name] {
			add(name, true)
		}
	}
	for name := range was {
		if !now[name] {
			add(name, false)
		}
	}
	return &rpc
}

// Reset ends the stream for good.
func (s *fencedStream) Reset() error {
	s.forget()
	return s.Stream.Reset()
}

// Close ends it kindly.
func (s *fencedStream) Close() error {
	s.forget()
	return s.Stream.Close()
}

func (s *fencedStream) forget() {
	s.end.Do(func() { close(s.done) })
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if s.f.streams[s.peer] == s {
		delete(s.f.streams, s.peer)
	}
}

// strip leaves out of rpc what is about other topics.
func strip(rpc *pb.RPC, names map[string]bool) {
	rpc.Subscriptions = keep(rpc.Subscriptions, names)
	rpc.Publish = keepMessages(rpc.Publish, names)
	if c := rpc.Control; c != nil {
		c.Ihave = keepControl(c.Ihave, names)
		c.Graft = keepControl(c.Graft, names)
		c.Prune = keepControl(c.Prune, names)
		if len(c.Ihave)+len(c.Graft)+len(c.Prune)+len(c.Iwant)+len(c.Idontwant) == 0 {
			rpc.Control = nil
		}
	}
}

func keep(list []*pb.RPC_SubOpts, names map[string]bool) (kept []*pb.RPC_SubOpts) {
	for _, x := range list {
		if names[x.GetTopicid()] {
			kept = append(kept, x)
		}
	}
	return kept
}

func keepMessages(list []*pb.Message, names map[string]bool) (kept []*pb.Message) {
	for _, x := range list {
		if names[x.GetTopic()] {
			kept = append(kept, x)
		}
	}
	return kept
}

func keepControl[T interface{ GetTopicID() string }](list []T, names map[string]bool) (kept []T) {
	for _, x := range list {
		if names[x.GetTopicID()] {
			kept = append(kept, x)
		}
	}
	return kept
}
