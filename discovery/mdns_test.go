package discovery

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Two who seek each other find each other: the one who was there at once, the
// newcomer within the delay of an answer.
func TestNewcomer(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, b := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.2")
		ab, ba := keys(1, 1), keys(2, 1)
		a.SetTargets([]Target{{ID: ID{2}, Hear: ba, Tell: ab}}, ab)
		a.serve(t)
		time.Sleep(time.Hour / 2)
		b.SetTargets([]Target{{ID: ID{1}, Hear: ab, Tell: ba}}, ba)
		began := time.Now()
		b.serve(t)
		c := <-a.found
		if took := time.Since(began); took != 0 || c.ID != (ID{2}) || c.Peer.ID != bobID || c.News != Fresh {
			t.Errorf("alice found %v after %v", c, took)
		}
		want := []string{"/ip4/10.0.0.2/udp/4002/quic-v1", "/ip4/10.0.0.2/tcp/4001"}
		for i, w := range want {
			if len(c.Peer.Addrs) != len(want) || c.Peer.Addrs[i].String() != w {
				t.Errorf("addresses %v, want %v", c.Peer.Addrs, want)
			}
		}
		c = <-b.found
		if took := time.Since(began); took > maxAnswer || c.ID != (ID{1}) || c.Peer.ID != aliceID {
			t.Errorf("bob found %v after %v", c, took)
		}
	})
}

// Keys that are learnt later open what was heard before.
func TestNewTarget(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, b := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.2")
		reach, pair := keys(1, 1), keys(2, 1)
		a.SetTargets(nil, append(reach, pair...))
		a.serve(t)
		b.SetTargets([]Target{{ID: ID{1}, Hear: reach}}, nil)
		b.serve(t)
		<-b.found
		time.Sleep(10 * time.Second) // until everybody is silent
		b.SetTargets([]Target{{ID: ID{1}, Hear: reach}, {ID: ID{3}, Hear: pair}}, nil)
		began := time.Now()
		for c := range b.found {
			if c.ID == (ID{3}) {
				break
			}
		}
		if took := time.Since(began); took > maxAnswer {
			t.Errorf("found after %v", took)
		}
	})
}

// 300 contacts are announced in packets of bounded size, and each one hears.
func TestManyContacts(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		all := keys(1, 300)
		a := e.host(t, aliceID, "10.0.0.1")
		a.SetTargets(nil, all)
		a.serve(t)
		synctest.Wait()
		packets := a.sent()
		if want := 300/maxEntries + 1; len(packets) != want {
			t.Fatalf("%d packets, want %d", len(packets), want)
		}
		heard := map[ID]int{}
		for i, k := range all {
			ears := newEars([]Target{{ID: ID{1, byte(i), byte(i >> 8)}, Hear: []Key{k}}})
			for _, p := range packets {
				if len(p.data) > 1300 {
					t.Fatalf("a packet of %d bytes", len(p.data))
				}
				for _, s := range ears.listen(&mustParse(t, p.data).instances[0]) {
					heard[s.id]++
				}
			}
		}
		if len(heard) != 300 {
			t.Errorf("%d of 300 contacts hear", len(heard))
		}
	})
}

func mustParse(t testing.TB, b []byte) packet {
	t.Helper()
	p, err := parsePacket(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Two captures an hour apart have nothing in common but the service's name, and
// neither says who we are.
func TestPrivacy(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.77.66.55")
		a.SetTargets(nil, keys(1, 300))
		a.serve(t)
		captured := func(since int) (contents [][]byte) {
			synctest.Wait()
			for _, s := range a.sent()[since:] {
				contents = append(contents, secrets(t, s.data)...)
				addr := netip.MustParseAddr("10.77.66.55").AsSlice()
				if bytes.Contains(s.data, []byte(aliceID)) || bytes.Contains(s.data, addr) {
					t.Error("a packet names us in clear")
				}
			}
			return contents
		}
		first := captured(0)
		time.Sleep(time.Hour - minGap)
		start := len(a.sent())
		time.Sleep(2 * refreshAfter)
		second := captured(start)
		if len(first) == 0 || len(second) == 0 {
			t.Fatal("nothing was captured")
		}
		seen := map[[6]byte]bool{}
		for _, w := range windows(first) {
			seen[w] = true
		}
		for _, w := range windows(second) {
			if seen[w] {
				t.Fatalf("both captures contain %x", w)
			}
		}
	})
}

// windows returns every 6 bytes in a row: chance makes two of some thousand
// equal once in a million runs.
func windows(contents [][]byte) (out [][6]byte) {
	for _, c := range contents {
		for i := range len(c) - 5 {
			out = append(out, [6]byte(c[i:]))
		}
	}
	return out
}

// secrets decodes a packet with nothing of ours, fails if anything in it is not
// as in every other packet, and returns the contents of the fields that may
// differ. A query has none.
func secrets(t *testing.T, b []byte) (out [][]byte) {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		t.Fatal(err)
	}
	if !m.Response {
		return nil
	}
	if m.Header != (dnsmessage.Header{Response: true, Authoritative: true}) ||
		len(m.Questions)+len(m.Authorities)+len(m.Additionals) != 0 || len(m.Answers) != 2 {
		t.Fatalf("unlike other packets: %v", m.GoString())
	}
	ptr, txt := m.Answers[0], m.Answers[1]
	name := ptr.Body.(*dnsmessage.PTRResource).PTR.String()
	if ptr.Header.Name != service || ptr.Header.TTL != recordTTL || txt.Header.Name.String() != name || len(name) != 16+1+len(serviceName) {
		t.Fatalf("unlike other packets: %v", m.GoString())
	}
	out = append(out, []byte(name[:16]))
	for i, s := range txt.Body.(*dnsmessage.TXTResource).TXT {
		key := []string{"s=", "b=", "e0=", "e1=", "e2=", "e3="}[i]
		if s[:len(key)] != key {
			t.Fatalf("string %d begins with %q", i, s[:len(key)])
		}
		out = append(out, []byte(s[len(key):]))
	}
	return out
}

// What an hour of rest costs, and when we ask.
func TestIdle(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.0.0.1")
		a.SetTargets([]Target{{ID: ID{1}, Hear: keys(1, 1)}}, keys(2, 10))
		a.serve(t)
		time.Sleep(time.Hour)
		synctest.Wait()
		var announced, bytes int
		var asked []time.Duration
		for _, s := range a.sent() {
			if s.at > 10*time.Minute {
				bytes += len(s.data)
			}
			if p := mustParse(t, s.data); p.query {
				asked = append(asked, s.at)
			} else {
				announced++
			}
		}
		for i, want := range []time.Duration{0, 1, 4, 13, 40, 121} {
			if i >= len(asked) || asked[i] != want*time.Second {
				t.Fatalf("asked at %v", asked)
			}
		}
		if len(asked) > 15 || announced > 50 {
			t.Errorf("%d announcements and %d queries in an hour", announced, len(asked))
		}
		t.Logf("%d announcements, %d queries; at rest %d bytes a minute on each interface and address family", announced, len(asked), bytes/50)
	})
}

// However often somebody asks, we answer once a second.
func TestQueryFlood(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, mallory := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.9")
		a.SetTargets(nil, keys(1, 1))
		a.serve(t)
		for i := range 1000 {
			mallory.send(Interface{}, marshalQuery(uint16(i+1)))
			time.Sleep(10 * time.Millisecond)
		}
		if n := len(a.sent()); n < 9 || n > 11 {
			t.Errorf("%d answers in 10 s", n)
		}
	})
}

// Goodbye is said for all that was announced, and takes it out of memory.
func TestGoodbye(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, b := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.2")
		b.SetTargets([]Target{{ID: ID{1}, Hear: keys(1, 1)}}, nil)
		b.serve(t)
		a.SetTargets(nil, keys(1, 100))
		stop := a.serve(t)
		<-b.found
		b.Seek(ID{1})
		if c := <-b.found; c.News != Recalled {
			t.Errorf("sought and found %v", c)
		}
		stop()
		log := a.sent()
		p := mustParse(t, log[len(log)-1].data)
		if len(p.gone) != 3 {
			t.Errorf("said goodbye for %v", p.gone)
		}
		b.Seek(ID{1})
		time.Sleep(time.Hour)
		select {
		case c := <-b.found:
			t.Errorf("found %v though it left", c)
		default:
		}
	})
}

// A flood of announcements that are not for us costs bounded memory and work,
// and a friend's is heard beside it.
func TestFlood(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a := e.host(t, aliceID, "10.0.0.1")
		friend := keys(1, 1)
		var found int
		s := newStation(a.mdns, a.end, func(Candidate) { found++ })
		s.read(notes{
			targets: []Target{{ID: ID{2}, Hear: friend}}, newTargets: true,
			ifaces: a.notes.ifaces, newIfaces: true,
		}, time.Now())
		noise := newInstances(whereabouts{peer: bobID, tcp: 1}, keys(9, 48))[0]
		const packets, sources = 100_000, 1000
		for i := range packets {
			binary.BigEndian.PutUint64(noise.salt[:], uint64(i))
			from := [16]byte{0xfe, 0x80, 15: byte(i), 14: byte(i % sources >> 8)}
			s.hear(heardPacket{data: noise.marshal(), iface: 1, from: from}, time.Now())
			time.Sleep(100 * time.Microsecond) // 10,000 a second
		}
		if n := len(s.strange.young) + len(s.strange.old); n > saltBurst+saltRate*11 {
			t.Errorf("%d instances were tried in 10 s", n)
		}
		if n := len(s.sources.young) + len(s.sources.old); n > 2*maxSources {
			t.Errorf("%d sources are remembered", n)
		}
		time.Sleep(time.Second)
		word := newInstances(whereabouts{peer: bobID, tcp: 1, addrs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}}, friend)[0]
		s.hear(heardPacket{data: word.marshal(), iface: 1, from: [16]byte{1}}, time.Now())
		if found != 1 {
			t.Error("the friend was not heard after the flood")
		}
	})
}

// One machine that floods does not keep another's announcement out.
func TestFloodFromOne(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.0.0.1")
		friend := keys(1, 1)
		var found int
		s := newStation(a.mdns, a.end, func(Candidate) { found++ })
		s.setInterfaces(a.notes.ifaces, time.Now())
		s.setTargets([]Target{{ID: ID{2}, Hear: friend}})
		noise := newInstances(whereabouts{peer: bobID, tcp: 1}, keys(9, 48))[0]
		for i := range 10 * sourceBurst {
			noise.salt[0], noise.salt[1] = byte(i), byte(i>>8)
			s.hear(heardPacket{data: noise.marshal(), iface: 1, from: [16]byte{9}}, time.Now())
		}
		word := newInstances(whereabouts{peer: bobID, tcp: 1, addrs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}}, friend)[0]
		s.hear(heardPacket{data: word.marshal(), iface: 1, from: [16]byte{1}}, time.Now())
		if found != 1 {
			t.Error("the friend was not heard beside the flood")
		}
	})
}
