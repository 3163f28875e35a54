package link_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/link"
	"github.com/truce-im/truce/chat/wire"
)

// Of hellos that never end, 32 are listened to at a time, however many come,
// and one with a length that is too great is not waited for (rule 5).
func TestUnprovedPlaces(t *testing.T) {
	const come, places = 45, 32
	virtually(t, func(w *world) {
		a, b := w.friends()
		var streams []*raw
		for range come {
			h, ip := w.newHost()
			r := (&person{w: w, host: h, ip: ip}).open(a)
			r.bytes([]byte{0, 0}) // half a length
			streams = append(streams, r)
		}
		waiting := 0
		for _, r := range streams {
			r.stream.SetReadDeadline(time.Now().Add(time.Second / 100))
			_, err := r.stream.Read(make([]byte, 1))
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				waiting++
			}
		}
		if waiting != places {
			t.Errorf("%d of %d are listened to", waiting, come)
		}
		talk(a, b)
	})
}

func TestTooLongAFirstFrame(t *testing.T) {
	virtually(t, func(w *world) {
		a, _ := w.friends()
		for size, want := range map[uint32]bool{wire.MaxFirstFrame: true, wire.MaxFirstFrame + 1: false} {
			r := w.newPerson().open(a)
			r.bytes(binary.BigEndian.AppendUint32(nil, size)) // and nothing more
			if _, after := r.answered(); (after > time.Second) != want {
				t.Errorf("of %d bytes, it was waited for %v", size, after)
			}
		}
	})
}

// All strangers together begin so many hellos and no more, from however many
// addresses they come; a contact passes beside them.
func TestGateForAllStrangers(t *testing.T) {
	const burst, rate = 512, 100
	synctest.Test(t, func(t *testing.T) {
		g := link.NewGate()
		passed := func() (n int) {
			for i := range 5000 {
				if g.Pass(fmt.Sprint("address ", i), true) {
					n++
				}
			}
			return n
		}
		if n := passed(); n != burst {
			t.Errorf("%d passed at once", n)
		}
		if !g.Pass("a contact", false) {
			t.Error("a contact did not")
		}
		time.Sleep(time.Second)
		if n := passed(); n != rate {
			t.Errorf("%d passed a second later", n)
		}
	})
}

// Sessions with one device are ranked: a newer start of it, then direct over
// relayed, then opened by the lower peer id, then newer (rule 20).
func TestRank(t *testing.T) {
	ordered := []link.Ranked{
		{Boot: 1, Lower: true, Number: 9},
		{Boot: 2, Relayed: true, Number: 7},
		{Boot: 2, Relayed: true, Lower: true, Number: 6},
		{Boot: 2, Number: 4},
		{Boot: 2, Number: 5},
		{Boot: 2, Lower: true, Number: 1},
		{Boot: 2, Lower: true, Number: 2},
	}
	for i, x := range ordered {
		for j, y := range ordered {
			if got := x.Compare(y); got != max(-1, min(1, i-j)) {
				t.Errorf("%+v against %+v: %d", x, y, got)
			}
		}
	}
}

// Of the peers where a contact was, those keep a place at which it was last.
func TestPlacesAfterAStart(t *testing.T) {
	virtually(t, func(w *world) {
		ann, ben := w.newPerson(), w.newHonest()
		befriend(ann, ben)
		var peers []peer.ID
		for range 8 {
			h, _ := w.newHost()
			peers = append(peers, h.ID())
			if err := ann.chat.Reached(ben.account(), chat.Peer{ID: h.ID().String()}); err != nil {
				t.Fatal(err)
			}
		}
		ann.serve()
		if err := ann.dial(ben); err != nil {
			t.Fatal(err)
		}
		settle()
		for i, id := range append(peers, ben.host.ID()) {
			if got := ann.links.Knows(id); got != (i > 0) {
				t.Errorf("peer %d has a place: %t", i, got)
			}
		}
	})
}
