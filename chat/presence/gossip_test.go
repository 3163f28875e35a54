package presence

import (
	"testing"
	"testing/synctest"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
)

// pubsub remembers what a peer says for two minutes, also what is refused: it is
// few bytes each, and not more messages than anybody has to send.
func TestTalkativePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if n := len(messageID(&pb.Message{Data: make([]byte, maxRPC)})); n > 32 {
			t.Errorf("%d bytes are remembered of a message", n)
		}
		g := newGossip(deafHost{}, nil)
		g.host.allow("peer", map[string]bool{"a": true})
		say := func(p peer.ID, n int) (taken int) {
			for range n {
				if g.inspect(p, &pubsub.RPC{RPC: pb.RPC{Publish: []*pb.Message{{}}}}) == nil {
					taken++
				}
			}
			return taken
		}
		if n := say("peer", 100_000); n != gossipBurst {
			t.Errorf("%d of 100,000 messages are taken at once", n)
		}
		time.Sleep(10 * time.Second)
		if n := say("peer", 100_000); n != 10*gossipRate {
			t.Errorf("%d more after ten seconds", n)
		}
		if n := say("stranger", 1); n > 0 {
			t.Error("a peer to whom no topic is named is heard")
		}
		if err := g.inspect("peer", &pubsub.RPC{RPC: pb.RPC{Subscriptions: []*pb.RPC_SubOpts{{}}}}); err != nil {
			t.Error("it cannot even say what it wants")
		}
	})
}
