package presence

import (
	"context"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// deafHost has streams on which nobody reads.
type deafHost struct{ host.Host }

func (deafHost) NewStream(context.Context, peer.ID, ...protocol.ID) (network.Stream, error) {
	ended := make(chan struct{})
	return deafStream{ended: ended, end: sync.OnceFunc(func() { close(ended) }), writing: make(chan struct{}, 1)}, nil
}
func (deafHost) RemoveStreamHandler(protocol.ID) {}

type deafStream struct {
	network.Stream
	ended   chan struct{}
	end     func()
	writing chan struct{}
}

func (s deafStream) Write([]byte) (int, error) {
	s.writing <- struct{}{}
	<-s.ended
	return 0, network.ErrReset
}

func (s deafStream) Reset() error {
	s.end()
	return nil
}

// A peer that reads nothing keeps nobody waiting: neither who names topics to it,
// nor the end.
func TestDeafPeer(t *testing.T) {
	f := newFenced(deafHost{})
	f.allow("peer", map[string]bool{"a": true})
	s, err := f.NewStream(t.Context(), "peer")
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range []map[string]bool{{"a": true, "b": true}, {"b": true}, {"c": true}} {
		f.allow("peer", names)
	}
	<-s.(*fencedStream).Stream.(deafStream).writing
	f.allow("peer", map[string]bool{"a": true})
	f.close()
	if _, err := f.NewStream(t.Context(), "peer"); err == nil {
		t.Error("a stream after the end")
	}
}
