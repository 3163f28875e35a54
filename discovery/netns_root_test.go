//go:build root && linux

package discovery_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/truce-im/truce/discovery"
)

// envNode makes TestNode a node of its own process: "name,other".
const envNode = "DISCOVERY_TEST_NODE"

// event is what a node process prints, one JSON line each.
type event struct {
	What  string    // "up", "changed" or "found"
	At    time.Time // when it happened
	Peer  string
	Addrs []string
}

// TestNode is the body of a node process, started by startNode.
func TestNode(t *testing.T) {
	names, is := os.LookupEnv(envNode)
	if !is {
		t.Skip("runs as a process of its own")
	}
	me, other, _ := strings.Cut(names, ",")
	key := func(from, to string) []discovery.Key {
		return []discovery.Key{sha256.Sum256([]byte(from + " tells " + to))}
	}
	m := discovery.New(discovery.Config{
		Self: newPeer(t), MDNS: true,
		Ports: func() (tcp, udp int) { return 4001, 4001 },
	})
	out := json.NewEncoder(os.Stdout)
	began := time.Now()
	m.SetTargets([]discovery.Target{{Tell: key(me, other), Hear: key(other, me)}}, nil)
	out.Encode(event{What: "up", At: began})
	ctx, stop := context.WithCancel(context.Background())
	go func() { // ends when the test closes our input
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	found := make(chan discovery.Found)
	go func() {
		defer close(found)
		for {
			f, err := m.Next(ctx)
			if err != nil {
				return
			}
			found <- f
		}
	}()
	for {
		select {
		case <-m.NetworkChanges():
			out.Encode(event{What: "changed", At: time.Now()})
		case f, more := <-found:
			if !more {
				m.Close()
				return
			}
			e := event{What: "found", At: time.Now(), Peer: f.Peer.ID.String()}
			for _, a := range f.Peer.Addrs {
				e.Addrs = append(e.Addrs, a.String())
			}
			out.Encode(e)
		}
	}
}

// node is a node process.
type node struct {
	t      *testing.T
	name   string
	began  time.Time // when it was told whom to seek
	events chan event
	stop   func()
}

// startNode starts the node me, which seeks other, in a namespace, and waits
// until it looks.
func startNode(t *testing.T, ns, me, other string) *node {
	t.Helper()
	cmd := exec.Command("ip", "netns", "exec", ns, os.Args[0], "-test.run=^TestNode$", "-test.v=false")
	cmd.Env = append(os.Environ(), envNode+"="+me+","+other)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, name: me, events: make(chan event, 1000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			var e event
			if json.Unmarshal(s.Bytes(), &e) == nil {
				n.events <- e
			}
		}
	}()
	stopped := false
	n.stop = func() {
		if stopped {
			return
		}
		stopped = true
		in.Close()
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("node %s: %v", me, err)
		}
	}
	t.Cleanup(n.stop)
	n.began = n.wait(5*time.Second, "up", "").At
	return n
}

// wait returns the next event of that kind with an address that contains addr.
func (n *node) wait(within time.Duration, what, addr string) event {
	n.t.Helper()
	timeout := time.After(within)
	var seen []event
	for {
		select {
		case e := <-n.events:
			seen = append(seen, e)
			has := func(a string) bool { return strings.Contains(a, addr) }
			if e.What == what && (addr == "" || slices.ContainsFunc(e.Addrs, has)) {
				return e
			}
		case <-timeout:
			n.t.Fatalf("node %s: no %q %s within %v, but %v", n.name, what, addr, within, seen)
		}
	}
}

// forget drops what has happened so far.
func (n *node) forget() {
	for {
		select {
		case <-n.events:
		default:
			return
		}
	}
}

// lab is a set of network namespaces around one with the switches.
type lab struct {
	t  *testing.T
	id string
}

var labs atomic.Int32

func newLab(t *testing.T) *lab {
	l := &lab{t, fmt.Sprintf("td%d-%d-", os.Getpid()%100000, labs.Add(1))}
	l.space("sw")
	return l
}

func (l *lab) ip(args ...string) {
	l.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		l.t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}

// in runs ip inside a namespace.
func (l *lab) in(ns string, args ...string) {
	l.t.Helper()
	l.ip(append([]string{"-n", l.id + ns}, args...)...)
}

// space makes a namespace with nothing but loopback.
func (l *lab) space(ns string) string {
	l.t.Helper()
	l.ip("netns", "add", l.id+ns)
	l.t.Cleanup(func() { exec.Command("ip", "netns", "del", l.id+ns).Run() })
	l.in(ns, "link", "set", "lo", "up")
	return l.id + ns
}

// bridge makes a switch.
func (l *lab) bridge(name string) {
	l.t.Helper()
	l.in("sw", "link", "add", name, "type", "bridge")
	l.in("sw", "link", "set", name, "up")
}

// cable connects an interface of ns to a switch; it is not up yet. The end at
// the switch is named ns-dev.
func (l *lab) cable(ns, dev, bridge string) {
	l.t.Helper()
	l.in("sw", "link", "add", ns+"-"+dev, "type", "veth", "peer", "name", dev, "netns", l.id+ns)
	l.in("sw", "link", "set", ns+"-"+dev, "master", bridge, "up")
}

// up brings an interface up with an address.
func (l *lab) up(ns, dev, addr string) {
	l.t.Helper()
	l.in(ns, "link", "set", dev, "up")
	if addr != "" {
		l.in(ns, "addr", "add", addr, "dev", dev)
	}
}

// twoHosts makes namespaces a and b on one switch; their eth0 are down.
func twoHosts(t *testing.T) *lab {
	l := newLab(t)
	l.bridge("br0")
	for _, ns := range []string{"a", "b"} {
		l.space(ns)
		l.cable(ns, "eth0", "br0")
	}
	return l
}

// minGap is more than the second between two answers.
const minGap = 1100 * time.Millisecond

const promptly = 1500 * time.Millisecond

func TestNetnsNewcomer(t *testing.T) {
	l := twoHosts(t)
	l.up("a", "eth0", "10.9.0.1/24")
	l.up("b", "eth0", "10.9.0.2/24")
	a := startNode(t, l.id+"a", "a", "b")
	var byOld, byNew []time.Duration
	for range 10 {
		<-time.After(minGap) // a was silent for so long, else its answer has to wait
		a.forget()
		b := startNode(t, l.id+"b", "b", "a")
		byOld = append(byOld, a.wait(promptly, "found", "/10.9.0.2/").At.Sub(b.began))
		byNew = append(byNew, b.wait(promptly, "found", "/10.9.0.1/").At.Sub(b.began))
		b.stop()
	}
	t.Logf("found by the one who was there: %v", summary(byOld))
	t.Logf("found by the newcomer:          %v", summary(byNew))
}

// summary returns least, median and most.
func summary(d []time.Duration) []time.Duration {
	slices.Sort(d)
	return []time.Duration{d[0], d[len(d)/2], d[len(d)-1]}
}

func TestNetnsBeforeNetwork(t *testing.T) {
	l := twoHosts(t)
	a := startNode(t, l.id+"a", "a", "b")
	b := startNode(t, l.id+"b", "b", "a")
	l.up("a", "eth0", "10.9.0.1/24")
	a.wait(promptly, "changed", "")
	l.up("b", "eth0", "10.9.0.2/24")
	began := time.Now()
	a.wait(promptly, "found", "/10.9.0.2/")
	b.wait(promptly, "found", "/10.9.0.1/")
	t.Logf("both after %v", time.Since(began))
}

func TestNetnsAddressChanges(t *testing.T) {
	l := twoHosts(t)
	l.up("a", "eth0", "10.9.0.1/24")
	l.up("b", "eth0", "10.9.0.2/24")
	a := startNode(t, l.id+"a", "a", "b")
	b := startNode(t, l.id+"b", "b", "a")
	a.wait(promptly, "found", "/10.9.0.2/")
	b.wait(promptly, "found", "/10.9.0.1/")
	began := time.Now()
	l.in("b", "addr", "del", "10.9.0.2/24", "dev", "eth0")
	l.in("b", "addr", "add", "10.9.0.77/24", "dev", "eth0")
	b.wait(promptly, "changed", "")
	a.wait(promptly, "found", "/10.9.0.77/")
	t.Logf("the new address after %v", time.Since(began))
}

func TestNetnsSecondInterface(t *testing.T) {
	l := twoHosts(t)
	l.up("a", "eth0", "10.9.0.1/24")
	a := startNode(t, l.id+"a", "a", "b")
	b := startNode(t, l.id+"b", "b", "a")
	l.bridge("br1")
	l.cable("a", "wlan0", "br1")
	l.cable("b", "wlan0", "br1")
	l.up("b", "wlan0", "10.8.0.2/24")
	began := time.Now()
	l.up("a", "wlan0", "10.8.0.1/24")
	a.wait(promptly, "found", "/10.8.0.2/")
	b.wait(promptly, "found", "/10.8.0.1/")
	t.Logf("both after %v", time.Since(began))
}

func TestNetnsCable(t *testing.T) {
	l := twoHosts(t)
	l.up("a", "eth0", "10.9.0.1/24")
	l.up("b", "eth0", "10.9.0.2/24")
	a := startNode(t, l.id+"a", "a", "b")
	l.in("sw", "link", "set", "a-eth0", "down")
	a.wait(promptly, "changed", "")
	b := startNode(t, l.id+"b", "b", "a")
	l.in("sw", "link", "set", "a-eth0", "up")
	began := time.Now()
	b.wait(promptly, "found", "/10.9.0.1/")
	a.wait(promptly, "found", "/10.9.0.2/")
	t.Logf("both after %v", time.Since(began))
}

// An interface that is pulled out and replaced by another of the same name.
func TestNetnsReplaced(t *testing.T) {
	l := twoHosts(t)
	l.up("a", "eth0", "10.9.0.1/24")
	l.up("b", "eth0", "10.9.0.2/24")
	a := startNode(t, l.id+"a", "a", "b")
	l.in("a", "link", "del", "eth0")
	a.wait(promptly, "changed", "")
	b := startNode(t, l.id+"b", "b", "a")
	l.cable("a", "eth0", "br0")
	l.up("a", "eth0", "10.9.0.3/24")
	began := time.Now()
	a.wait(promptly, "found", "/10.9.0.2/")
	b.wait(promptly, "found", "/10.9.0.3/")
	t.Logf("both after %v", time.Since(began))
}

// A cable with nothing but link-local IPv6 on it: the zone is the hearer's.
// Both sides check their addresses for duplicates first, which takes 1 to 2 s.
func TestNetnsLinkLocal(t *testing.T) {
	l := twoHosts(t)
	a := startNode(t, l.id+"a", "a", "b")
	b := startNode(t, l.id+"b", "b", "a")
	l.up("a", "eth0", "")
	l.up("b", "eth0", "")
	a.wait(5*time.Second, "found", "/ip6zone/eth0/ip6/fe80::")
	b.wait(5*time.Second, "found", "/ip6zone/eth0/ip6/fe80::")
}

// Two homes on a machine that has no network at all.
func TestNetnsLoopback(t *testing.T) {
	l := newLab(t)
	l.space("a")
	a := startNode(t, l.id+"a", "a", "b")
	b := startNode(t, l.id+"a", "b", "a")
	a.wait(promptly, "found", "/127.0.0.1/")
	b.wait(promptly, "found", "/127.0.0.1/")
}
