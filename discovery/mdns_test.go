package discovery

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"slices"
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
		c := a.next(t)
		if took := time.Since(began); took != 0 || c.ID != (ID{2}) || c.Peer.ID != bobID || c.News != Fresh {
			t.Errorf("alice found %v after %v", c, took)
		}
		want := []string{"/ip4/10.0.0.2/udp/4002/quic-v1", "/ip4/10.0.0.2/tcp/4001"}
		for i, w := range want {
			if len(c.Peer.Addrs) != len(want) || c.Peer.Addrs[i].String() != w {
				t.Errorf("addresses %v, want %v", c.Peer.Addrs, want)
			}
		}
		c = b.next(t)
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
		b.next(t)
		time.Sleep(10 * time.Second) // until everybody is silent
		b.SetTargets([]Target{{ID: ID{1}, Hear: reach}, {ID: ID{3}, Hear: pair}}, nil)
		began := time.Now()
		for b.next(t).ID != (ID{3}) {
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
		packets := a.announced(t)
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
		for _, w := range sixes(first) {
			seen[w] = true
		}
		for _, w := range sixes(second) {
			if seen[w] {
				t.Fatalf("both captures contain %x", w)
			}
		}
	})
}

// sixes returns every 6 bytes in a row: chance makes two of some thousand
// equal once in a million runs.
func sixes(contents [][]byte) (out [][6]byte) {
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
	label, err := hex.DecodeString(name[:16])
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, label)
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
		if n := len(a.announced(t)); n < 9 || n > 11 {
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
		b.next(t)
		b.Seek(ID{1})
		if c := b.next(t); c.News != Recalled {
			t.Errorf("sought and found %v", c)
		}
		stop()
		log := a.sent()
		p := mustParse(t, log[len(log)-1].data)
		if len(p.gone) != 3 {
			t.Errorf("said goodbye for %v", p.gone)
		}
		synctest.Wait() // what was said is heard
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
		for i := range 10 * packetBurst {
			binary.BigEndian.PutUint64(noise.salt[:], uint64(i))
			s.hear(heardPacket{data: noise.marshal(), iface: 1, from: [16]byte{9}}, time.Now())
		}
		if n := len(s.strange.young); n > sourceSaltBurst {
			t.Errorf("%d instances of one source were tried", n)
		}
		word := newInstances(whereabouts{peer: bobID, tcp: 1, addrs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}}, friend)[0]
		s.hear(heardPacket{data: word.marshal(), iface: 1, from: [16]byte{1}}, time.Now())
		if found != 1 {
			t.Error("the friend was not heard beside the flood")
		}
	})
}

// What 300 contacts cost at rest.
func TestIdleManyContacts(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.0.0.1")
		a.SetTargets(nil, keys(2, 300))
		a.serve(t)
		time.Sleep(time.Hour)
		synctest.Wait()
		var bytes int
		for _, s := range a.sent() {
			bytes += len(s.data)
		}
		if bytes/60 > 8000 {
			t.Errorf("%d bytes a minute", bytes/60)
		}
		t.Logf("%d bytes a minute on each interface and address family", bytes/60)
	})
}

// An interface that fails to send is tried again, less and less often.
func TestSendFails(t *testing.T) {
	virtually(t, func(t *testing.T) {
		a := newEther().host(t, aliceID, "10.0.0.1")
		a.fail = errors.New("no route")
		a.SetTargets(nil, keys(1, 1))
		a.serve(t)
		time.Sleep(20 * time.Second)
		a.net.mu.Lock()
		a.fail = nil
		a.net.mu.Unlock()
		time.Sleep(20 * time.Second)
		if log := a.sent(); len(log) == 0 || log[0].at != 31*time.Second {
			t.Errorf("sent %v", log)
		}
	})
}

// An address is used if it can be reached from where it was heard.
func TestCandidate(t *testing.T) {
	lan := Interface{Name: "eth0"}
	lo := Interface{Name: "lo", Flags: net.FlagLoopback}
	w := whereabouts{peer: bobID, tcp: 1, udp: 2}
	tests := []struct {
		on   Interface
		addr string
		want string // of TCP; empty: none
	}{
		{lan, "10.0.0.1", "/ip4/10.0.0.1/tcp/1"},
		{lan, "2001:db8::1", "/ip6/2001:db8::1/tcp/1"},
		{lan, "fe80::1", "/ip6zone/eth0/ip6/fe80::1/tcp/1"},
		{Interface{}, "fe80::1", ""},
		{Interface{Name: "a/b"}, "fe80::1", ""},
		{lan, "127.0.0.1", ""},
		{lan, "::1", ""},
		{lo, "127.0.0.1", "/ip4/127.0.0.1/tcp/1"},
		{lan, "0.0.0.0", ""},
		{lan, "::", ""},
		{lan, "224.0.0.251", ""},
		{lan, "ff02::fb", ""},
		{lan, "255.255.255.255", ""},
	}
	for _, tt := range tests {
		w.addrs = []netip.Addr{netip.MustParseAddr(tt.addr)}
		c, ok := sound{ID{1}, w}.candidate(tt.on)
		if ok != (tt.want != "") || ok && (len(c.Peer.Addrs) != 2 || c.Peer.Addrs[1].String() != tt.want) {
			t.Errorf("%s on %q: %v", tt.addr, tt.on.Name, c.Peer.Addrs)
		}
	}
	w.addrs = nil
	for i := range maxBodyIPs {
		w.addrs = append(w.addrs, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))
	}
	if c, _ := (sound{ID{1}, w}).candidate(lan); len(c.Peer.Addrs) != MaxAddrs {
		t.Errorf("%d addresses", len(c.Peer.Addrs))
	}
}

func TestUsableInterfaces(t *testing.T) {
	const good = net.FlagUp | net.FlagRunning | net.FlagMulticast
	one := []netip.Prefix{netip.MustParsePrefix("fe80::1/64")}
	four := []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")}
	all := []Interface{
		{Index: 1, Flags: net.FlagUp | net.FlagRunning | net.FlagLoopback, Prefixes: four},
		{Index: 2, Flags: good, Prefixes: one},
		{Index: 3, Flags: good &^ net.FlagUp, Prefixes: four},
		{Index: 4, Flags: good &^ net.FlagRunning, Prefixes: four},
		{Index: 5, Flags: good &^ net.FlagMulticast, Prefixes: four},
		{Index: 6, Flags: good},
		{Index: 7, Flags: good, Prefixes: four},
	}
	var got []int
	for _, i := range usableInterfaces(all) {
		got = append(got, i.Index)
	}
	if !slices.Equal(got, []int{1, 7, 2}) {
		t.Errorf("uses %v", got)
	}
}

func BenchmarkListen(b *testing.B) {
	var targets []Target
	for i, k := range keys(1, 300) {
		targets = append(targets, Target{ID: ID{byte(i), byte(i >> 8)}, Hear: []Key{k}})
	}
	e := newEars(targets)
	in := newInstances(whereabouts{peer: bobID, tcp: 1}, keys(2, maxEntries))[0]
	for b.Loop() {
		e.listen(&in)
	}
}

func BenchmarkParsePacket(b *testing.B) {
	p := newInstances(whereabouts{peer: bobID, tcp: 1}, keys(2, maxEntries))[0].marshal()
	for b.Loop() {
		parsePacket(p)
	}
}

func BenchmarkNewInstances(b *testing.B) {
	all := keys(2, 300)
	for b.Loop() {
		newInstances(whereabouts{peer: bobID, tcp: 1}, all)
	}
}
