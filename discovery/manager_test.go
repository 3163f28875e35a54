package discovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/truce-im/truce/discovery"
)

var (
	bob      = discovery.ID{2}
	carol    = discovery.ID{3}
	errDial  = errors.New("nobody there")
	errServe = errors.New("broken")
)

const (
	bobPeer = peer.ID("\x00\x04bobb")
	self    = peer.ID("\x00\x04self")
)

// manage runs a test in virtual time with a Manager whose parts are fake.
func manage(t *testing.T, cfg discovery.Config, f func(t *testing.T, m *discovery.Manager)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Self = self
		if cfg.Network == nil {
			cfg.Network = &network{ifaces: []discovery.Interface{iface("192.168.1.5/24", "fd00::5/64")}}
		}
		m := discovery.New(cfg)
		defer m.Close()
		f(t, m)
	})
}

func want(t *testing.T, got []discovery.Found, want ...string) {
	t.Helper()
	if a := addrsOf(got); !slices.Equal(a, want) {
		t.Errorf("found %q, want %q", a, want)
	}
}

// Rule 30: what may be dialled of a link, of what the user said, and of a
// public source.
func TestFilter(t *testing.T) {
	tests := []struct {
		addr               string
		link, user, public bool
	}{
		{"/ip4/8.8.8.8/tcp/4001", true, true, true},
		{"/ip6/2a00:1450::1/udp/4001/quic-v1", true, true, true},
		{"/ip4/192.168.1.77/tcp/4001", true, true, false}, // in our subnet
		{"/ip6/fd00::77/tcp/4001", true, true, false},
		{"/ip4/192.168.2.77/tcp/4001", false, true, false},
		{"/ip4/10.0.0.1/tcp/4001", false, true, false},
		{"/ip4/100.64.0.1/tcp/4001", false, true, false},
		{"/ip4/127.0.0.1/tcp/4001", false, true, false}, // no loopback interface here
		{"/ip4/169.254.1.1/tcp/80", false, true, false},
		{"/ip4/192.0.2.1/tcp/80", false, true, false},
		{"/ip6/::1/tcp/4001", false, true, false},
		{"/ip6/::ffff:10.0.0.1/tcp/4001", false, true, false},
		{"/ip6/fe80::1/tcp/4001", false, true, false},
		{"/ip6/2002:a00:1::/tcp/4001", false, true, false}, // 10.0.0.1 in 6to4
		{"/ip6/64:ff9b::a00:1/tcp/4001", false, true, false},
		{"/ip6/2001:db8::1/tcp/4001", false, true, false},
		{"/ip4/0.0.0.0/tcp/4001", false, false, false},
		{"/ip4/224.0.0.251/udp/5353", false, false, false},
		{"/ip4/255.255.255.255/udp/9", false, false, false},
		{"/ip6/ff02::fb/udp/5353", false, false, false},
		{"/dns4/example.org/tcp/4001", false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			dht := &source{name: "dht", public: true}
			manage(t, discovery.Config{Sources: []discovery.Source{dht}}, func(t *testing.T, m *discovery.Manager) {
				there := []peer.AddrInfo{at(bobPeer, tt.addr)}
				m.SetTargets([]discovery.Target{{ID: bob, Hints: there, Given: there}}, nil)
				synctest.Wait()
				dht.offer(discovery.Candidate{ID: bob, Peer: there[0]})
				found := map[string]bool{}
				for _, f := range drain(t, m) {
					found[f.Source] = true
				}
				if found["link"] != tt.link || found["user"] != tt.user || found["dht"] != tt.public {
					t.Errorf("taken from %v", found)
				}
			})
		})
	}
}

// A link that names loopback works between two homes of one machine.
func TestLoopbackHint(t *testing.T) {
	n := &network{ifaces: []discovery.Interface{iface("127.0.0.1/8")}}
	manage(t, discovery.Config{Network: n}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob, Hints: []peer.AddrInfo{at("", "/ip4/127.0.0.1/tcp/4001")}}}, nil)
		want(t, drain(t, m), "link /ip4/127.0.0.1/tcp/4001")
	})
}

// 10,000 rubbish records a day make us dial MaxCandidates of them.
func TestRubbish(t *testing.T) {
	dht := &source{name: "dht", public: true}
	manage(t, discovery.Config{Sources: []discovery.Source{dht}}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob}}, nil)
		synctest.Wait()
		rubbish := func() (passed int) {
			for i := range 10_000 {
				a := fmt.Sprintf("/ip4/8.8.%d.%d/tcp/4001", i>>8, i&0xff)
				dht.offer(discovery.Candidate{ID: bob, Peer: at(peer.ID(a), a), News: discovery.Fresh})
				dht.offer(discovery.Candidate{ID: carol, Peer: at(bobPeer, a)}) // whom we do not seek
				if i%100 == 0 {
					passed += len(drain(t, m))
					m.SetTargets(nil, nil) // does not renew the allowance
					m.SetTargets([]discovery.Target{{ID: bob}}, nil)
				}
			}
			return passed + len(drain(t, m))
		}
		if n := rubbish(); n != discovery.MaxCandidates {
			t.Errorf("%d candidates on the first day", n)
		}
		time.Sleep(24 * time.Hour)
		if n := rubbish(); n != discovery.MaxCandidates {
			t.Errorf("%d candidates on the second day", n)
		}
	})
}

// Somebody on the local network who holds a key cannot make us dial without end
// either, and what waits is bounded when nobody takes it.
func TestRubbishNearby(t *testing.T) {
	lan := &source{name: "lan"}
	manage(t, discovery.Config{Sources: []discovery.Source{lan}}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob}}, nil)
		synctest.Wait()
		for i := range 10_000 {
			a := fmt.Sprintf("/ip4/10.0.%d.%d/tcp/4001", i>>8, i&0xff)
			lan.offer(discovery.Candidate{ID: bob, Peer: at(peer.ID(a), a), News: discovery.Fresh})
		}
		if n := len(drain(t, m)); n == 0 || n > 16 {
			t.Errorf("%d candidates wait", n)
		}
		time.Sleep(time.Hour)
		dialled := 0
		for i := range 3600 {
			a := fmt.Sprintf("/ip4/10.1.%d.%d/tcp/4001", i>>8, i&0xff)
			lan.offer(discovery.Candidate{ID: bob, Peer: at(peer.ID(a), a), News: discovery.Fresh})
			dialled += len(drain(t, m))
			time.Sleep(time.Second)
		}
		if dialled > 800 { // one in 5 s
			t.Errorf("%d candidates in an hour", dialled)
		}
	})
}

// A failed address is left alone for ten minutes.
func TestFailure(t *testing.T) {
	manage(t, discovery.Config{}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob, Hints: []peer.AddrInfo{at(bobPeer, "/ip4/8.8.8.8/tcp/1", "/ip4/8.8.8.8/tcp/2")}}}, nil)
		f := drain(t, m)
		want(t, f, "link /ip4/8.8.8.8/tcp/1", "link /ip4/8.8.8.8/tcp/2")
		f[0].Peer.Addrs = f[0].Peer.Addrs[:1]
		m.Report(f[0], errDial)
		m.Seek(bob)
		want(t, drain(t, m), "link /ip4/8.8.8.8/tcp/2")
		time.Sleep(discovery.FailureTTL - time.Second)
		m.Seek(bob)
		want(t, drain(t, m), "link /ip4/8.8.8.8/tcp/2")
		time.Sleep(2 * time.Second)
		m.Seek(bob)
		want(t, drain(t, m), "link /ip4/8.8.8.8/tcp/1", "link /ip4/8.8.8.8/tcp/2")
	})
}

// What is said on the local network is passed on when it is news, when the last
// attempt failed, and when somebody seeks; not otherwise.
func TestHeard(t *testing.T) {
	lan := &source{name: "lan"}
	manage(t, discovery.Config{Sources: []discovery.Source{lan}}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob}}, nil)
		synctest.Wait()
		const a = "/ip4/192.168.1.9/tcp/1"
		say := func(n discovery.News) {
			lan.offer(discovery.Candidate{ID: bob, Peer: at(bobPeer, a), Via: "eth0", News: n})
		}
		say(discovery.Fresh)
		f := drain(t, m)
		want(t, f, "lan "+a)
		say(discovery.Repeated)
		want(t, drain(t, m))
		say(discovery.Fresh)
		want(t, drain(t, m), "lan "+a)
		m.Report(f[0], errDial)
		say(discovery.Recalled)
		want(t, drain(t, m))
		say(discovery.Repeated)
		want(t, drain(t, m), "lan "+a)
		m.Seek(bob)
		say(discovery.Recalled)
		want(t, drain(t, m), "lan "+a)
		say(discovery.Recalled)
		want(t, drain(t, m))
		lan.offer(discovery.Candidate{ID: bob, Peer: at(self, a), News: discovery.Fresh})
		want(t, drain(t, m))
		lan.offer(discovery.Candidate{ID: bob, Peer: at(bobPeer, "/ip4/224.0.0.1/tcp/1"), News: discovery.Fresh})
		want(t, drain(t, m))
	})
}

// Waiting candidates are coalesced: the newest per peer, source and interface.
func TestCoalesce(t *testing.T) {
	lan := &source{name: "lan"}
	manage(t, discovery.Config{Sources: []discovery.Source{lan}}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob}, {ID: carol}}, nil)
		synctest.Wait()
		say := func(id discovery.ID, via, a string) {
			lan.offer(discovery.Candidate{ID: id, Peer: at(bobPeer, a), Via: via, News: discovery.Fresh})
		}
		say(bob, "eth0", "/ip4/10.0.0.1/tcp/1")
		say(bob, "eth0", "/ip4/10.0.0.2/tcp/1")
		say(bob, "eth1", "/ip4/10.1.0.1/tcp/1")
		say(carol, "eth0", "/ip4/10.0.0.9/tcp/1")
		say(bob, "eth0", "/ip4/10.0.0.3/tcp/1")
		want(t, drain(t, m), "lan /ip4/10.0.0.3/tcp/1", "lan /ip4/10.1.0.1/tcp/1", "lan /ip4/10.0.0.9/tcp/1")
		say(bob, "eth0", "/ip4/10.0.0.4/tcp/1")
		m.SetTargets([]discovery.Target{{ID: carol}}, nil)
		want(t, drain(t, m))
	})
}

// What worked is kept and offered first, as it is, also by another Manager.
func TestCache(t *testing.T) {
	c := &cache{}
	target := discovery.Target{ID: bob, Given: []peer.AddrInfo{at(bobPeer, "/ip4/10.7.7.7/tcp/1")}}
	manage(t, discovery.Config{Cache: c}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{target}, nil)
		f := drain(t, m)
		want(t, f, "user /ip4/10.7.7.7/tcp/1")
		m.Report(f[0], nil)
		f[0].ID = carol
		m.Report(f[0], nil) // no target
	})
	if len(c.addrs) != 1 {
		t.Errorf("the cache holds %v", c.addrs)
	}
	target.Given = nil
	manage(t, discovery.Config{Cache: c}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{target}, nil)
		want(t, drain(t, m), "known /ip4/10.7.7.7/tcp/1")
	})
}

// Sources learn of targets once, and of every key once.
func TestSetTargets(t *testing.T) {
	lan := &source{name: "lan"}
	manage(t, discovery.Config{Sources: []discovery.Source{lan}}, func(t *testing.T, m *discovery.Manager) {
		k := []discovery.Key{newKey(), newKey(), newKey()}
		set := func() []discovery.Target {
			return []discovery.Target{
				{ID: bob, Tell: k[:2], Hints: []peer.AddrInfo{at(bobPeer, "/ip4/8.8.8.8/tcp/1")}},
				{ID: carol, Tell: k[1:]},
			}
		}
		m.SetTargets(set(), k[:1])
		want(t, drain(t, m), "link /ip4/8.8.8.8/tcp/1")
		m.SetTargets(set(), k[:1])
		want(t, drain(t, m))
		if lan.sets != 1 || !slices.Equal(lan.tell, k) {
			t.Errorf("told %d times of %d keys", lan.sets, len(lan.tell))
		}
		m.SetTargets(set(), nil)
		m.SetTargets(set()[:1], nil)
		if lan.sets != 3 {
			t.Errorf("told %d times", lan.sets)
		}
		m.Seek(bob)
		m.Seek(carol)
		if !slices.Equal(lan.sought, []discovery.ID{bob}) {
			t.Errorf("sought %v", lan.sought)
		}
	})
}

// A change of addresses is signalled once, and forgets failures.
func TestNetworkChanges(t *testing.T) {
	lan, n := &source{name: "lan"}, &network{}
	manage(t, discovery.Config{Sources: []discovery.Source{lan}, Network: n}, func(t *testing.T, m *discovery.Manager) {
		m.SetTargets([]discovery.Target{{ID: bob, Hints: []peer.AddrInfo{at(bobPeer, "/ip4/10.1.0.1/tcp/1")}}}, nil)
		want(t, drain(t, m)) // not our subnet
		time.Sleep(time.Second)
		select {
		case <-m.NetworkChanges():
			t.Error("signalled without a change")
		default:
		}
		began := time.Now()
		n.set("10.1.0.9/24")
		<-m.NetworkChanges()
		if took := time.Since(began); took > 200*time.Millisecond {
			t.Errorf("signalled after %v", took)
		}
		if len(lan.ifaces) != 1 {
			t.Errorf("the source knows %v", lan.ifaces)
		}
		m.Seek(bob)
		f := drain(t, m)
		want(t, f, "link /ip4/10.1.0.1/tcp/1")
		m.Report(f[0], errDial)
		n.set("10.1.0.9/24", "10.2.0.9/24")
		n.set("10.1.0.9/24", "10.2.0.8/24")
		<-m.NetworkChanges()
		time.Sleep(time.Second)
		select {
		case <-m.NetworkChanges():
			t.Error("signalled twice")
		default:
		}
		m.Seek(bob)
		want(t, drain(t, m), "link /ip4/10.1.0.1/tcp/1")
	})
}

// A source that gives up is served again, ever less often.
func TestRestart(t *testing.T) {
	lan := &source{name: "lan", fail: errServe}
	manage(t, discovery.Config{Sources: []discovery.Source{lan}}, func(t *testing.T, m *discovery.Manager) {
		time.Sleep(100 * time.Second)
		lan.mu.Lock()
		defer lan.mu.Unlock()
		if lan.served != 7 { // after 0, 1, 3, 7, 15, 31 and 63 s
			t.Errorf("served %d times in 100 s", lan.served)
		}
	})
}

// Close wakes Next, and may be called twice.
func TestClose(t *testing.T) {
	manage(t, discovery.Config{}, func(t *testing.T, m *discovery.Manager) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Next returned %v", err)
		}
		failed := make(chan error)
		go func() { _, err := m.Next(t.Context()); failed <- err }()
		synctest.Wait()
		m.Close()
		if err := <-failed; !errors.Is(err, discovery.ErrClosed) {
			t.Errorf("Next returned %v", err)
		}
		m.Close()
		m.SetTargets([]discovery.Target{{ID: bob}}, nil)
		m.Seek(bob)
	})
}
