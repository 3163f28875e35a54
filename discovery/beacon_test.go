package discovery

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

func (h *host) beaconsNow() []Beacon { return h.beacons.list(time.Now()) }

// What somebody shows everybody reads at once, also who comes later, until it
// is taken back or they leave, in whatever way.
func TestBeacon(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, b := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.2")
		a.SetTargets(nil, keys(1, 3))
		a.serve(t)
		b.serve(t)
		time.Sleep(time.Hour / 2)
		if got := b.beaconsNow(); len(got) != 0 {
			t.Fatalf("nothing is shown, but heard: %v", got)
		}
		shows := func(who *host, want string) {
			t.Helper()
			synctest.Wait()
			var got string
			for _, x := range who.beaconsNow() {
				if x.Peer == aliceID {
					got += string(x.Data)
				}
			}
			if got != want {
				t.Errorf("shows %q, want %q", got, want)
			}
		}
		a.setBeacon([]byte("I am Alice"))
		shows(b, "I am Alice")
		c := e.host(t, peer.ID("\x00\x04carl"), "10.0.0.3")
		c.serve(t)
		time.Sleep(minGap + maxAnswer) // an answer so soon after an announcement waits
		shows(c, "I am Alice")
		time.Sleep(24 * time.Hour) // instances rotate
		shows(b, "I am Alice")
		a.setBeacon([]byte("Alice"))
		time.Sleep(2 * anewGap)
		shows(b, "Alice")
		a.setBeacon(nil)
		shows(b, "")
		a.setBeacon([]byte("back"))
		time.Sleep(2 * anewGap)
		shows(b, "back")
		a.fails(errBody) // dead: no goodbye
		time.Sleep(forgetAfter + time.Second)
		shows(b, "")
	})
}

// Who shows nothing says what was said before there were beacons: announcements
// under the keys and nothing else, also after having shown something.
func TestNoBeacon(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.0.0.1")
		a.SetTargets(nil, keys(1, 3))
		a.serve(t)
		time.Sleep(3 * time.Hour)
		a.setBeacon([]byte("Alice"))
		synctest.Wait()
		shown := 0
		for _, s := range a.announced(t) {
			for _, in := range mustParse(t, s.data).instances {
				if _, ok := readBeacon(&in); ok {
					shown++
				}
			}
		}
		if shown != 1 {
			t.Errorf("shown %d times", shown)
		}
		a.setBeacon(nil)
		synctest.Wait()
		from := len(a.announced(t))
		time.Sleep(3 * time.Hour)
		after := a.announced(t)[from:]
		if len(after) == 0 {
			t.Fatal("nothing was announced")
		}
		for _, s := range after {
			p := mustParse(t, s.data)
			if len(p.instances) != 1 || len(p.gone) != 0 {
				t.Fatalf("announced %d instances", len(p.instances))
			}
			if _, ok := readBeacon(&p.instances[0]); ok {
				t.Fatal("a beacon after it was taken back")
			}
		}
	})
}

// No packet shows by its form that it is a beacon, and none is too long.
func TestBeaconFitsThePacket(t *testing.T) {
	b := newBeacon(Beacon{Peer: sampleWhereabouts().peer, Data: bytes.Repeat([]byte{1}, MaxBeacon)})
	other := newInstances(sampleWhereabouts(), keys(1, 3))[0]
	if got, want := len(b.marshal()), len(other.marshal()); got != want {
		t.Errorf("%d bytes, others have %d", got, want)
	}
	if got, ok := readBeacon(&b); !ok || len(got.Data) != MaxBeacon {
		t.Errorf("reads as %v", got)
	}
}

func TestHostileBeacons(t *testing.T) {
	good := Beacon{Peer: aliceID, Data: []byte("Alice")}
	at := func(i int, to byte) func(*[bodySize]byte) { return func(p *[bodySize]byte) { p[i] = to } }
	n := 2 + len(good.Peer)
	for name, change := range map[string]func(*[bodySize]byte){
		"version of whereabouts": at(0, bodyVersion),
		"version to come":        at(0, 3),
		"no peer id":             at(1, 0),
		"peer id too long":       at(1, maxPeerID+1),
		"peer id beyond all":     at(1, 255),
		"not a peer id":          at(2, 0xff),
		"no data":                at(n, 0),
		"too much data":          at(n, MaxBeacon+1),
		"data beyond all":        at(n, 255),
		"less data than bytes":   at(n, 4),
		"padding not zero":       at(bodySize-1, 1),
	} {
		plain := good.marshal()
		change(&plain)
		in := newInstance(plain, []Key{openKey})
		if b, ok := readBeacon(&in); ok {
			t.Errorf("%s: read as %q of %q", name, b.Data, b.Peer)
		}
	}
	word := newInstance(whereabouts{peer: bobID, tcp: 1}.marshal(), []Key{openKey})
	if _, ok := readBeacon(&word); ok {
		t.Error("whereabouts were read as a beacon")
	}
	noise := newBeacon(good)
	noise.body[0] ^= 1
	if _, ok := readBeacon(&noise); ok {
		t.Error("a body that was changed was read")
	}
}

// A beacon under the key of a contact names no place to dial.
func TestBeaconIsNoCandidate(t *testing.T) {
	in := newInstance(Beacon{Peer: bobID, Data: []byte("Bob")}.marshal(), keys(1, 1))
	if got := newEars([]Target{{ID: ID{1}, Hear: keys(1, 1)}}).listen(&in); len(got) != 0 {
		t.Errorf("heard %v", got)
	}
}

// Whoever floods fills neither the list nor the memory, a single machine does
// not push others out, and a contact is heard beside it.
func TestBeaconFlood(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.0.0.1")
		friend := keys(1, 1)
		var found int
		s := newStation(a.mdns, a.end, func(Candidate) { found++ })
		s.setInterfaces(a.notes.ifaces, time.Now())
		s.setTargets([]Target{{ID: ID{2}, Hear: friend}})
		say := func(in instance, from [16]byte) {
			s.hear(heardPacket{data: in.marshal(), iface: 1, from: from}, time.Now())
		}
		say(newBeacon(Beacon{Peer: bobID, Data: []byte("Bob")}), [16]byte{1})
		for i := range 1000 {
			data := binary.BigEndian.AppendUint64(nil, uint64(i))
			say(newBeacon(Beacon{Peer: aliceID, Data: data}), [16]byte{9})
			time.Sleep(100 * time.Millisecond)
		}
		got := a.beaconsNow()
		if len(got) != maxBeaconsFrom+1 || string(got[0].Data) != "Bob" {
			t.Errorf("of one that floods %d are kept", len(got))
		}
		for i := range 2000 {
			data := binary.BigEndian.AppendUint64(nil, uint64(i))
			say(newBeacon(Beacon{Peer: aliceID, Data: data}), [16]byte{8, byte(i), byte(i >> 8)})
			time.Sleep(25 * time.Millisecond)
		}
		if got := a.beaconsNow(); len(got) != MaxBeacons {
			t.Errorf("of many %d are kept", len(got))
		}
		if len(s.familiar) != 0 {
			t.Errorf("%d beacons stand among what was made for us", len(s.familiar))
		}
		at := []netip.Addr{netip.MustParseAddr("10.0.0.2")}
		say(newInstances(whereabouts{peer: bobID, tcp: 1, addrs: at}, friend)[0], [16]byte{1})
		if found != 1 {
			t.Error("the contact was not heard beside the flood")
		}
	})
}

// A goodbye, forged or not, is forgotten with the next announcement.
func TestForgedGoodbyeOfABeacon(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, b := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.2")
		a.setBeacon([]byte("Alice"))
		a.serve(t)
		b.serve(t)
		time.Sleep(time.Minute)
		in := mustParse(t, a.announced(t)[0].data).instances[0]
		e.host(t, bobID, "10.0.0.9").send(Interface{}, marshalGoodbye([]string{in.label}))
		time.Sleep(refreshAfter + refreshJitter)
		if got := b.beaconsNow(); len(got) != 1 {
			t.Errorf("%d are shown", len(got))
		}
	})
}
