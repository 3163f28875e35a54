package dht_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kad "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/crypto"
	corehost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"

	"github.com/truce-im/truce/discovery/dht"
	"github.com/truce-im/truce/discovery/rendezvous"
	"github.com/truce-im/truce/node/host"
	"github.com/truce-im/truce/node/nodetest"
)

// crowd is a network of one's own, of nodes 50 ms away from each other and back.
type crowd struct {
	net    nodetest.Network
	hosts  []corehost.Host
	stores []dht.Store
}

// BenchmarkCrowd measures what it costs to write and to look up a record, in virtual
// time. TRUCE_CROWD says in crowds of which sizes; without it, in one of ten.
func BenchmarkCrowd(b *testing.B) {
	sizes := "10"
	if s := os.Getenv("TRUCE_CROWD"); s != "" {
		sizes = s
	}
	for _, size := range strings.Fields(sizes) {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size, func(b *testing.B) {
			for b.Loop() {
				runCrowd(b, n, b.ReportMetric)
			}
		})
	}
}

// Ten nodes find what any of them wrote.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { inCrowd(t, 10, func(float64, string) {}) })
}

// runCrowd has inCrowd run in virtual time, which only a *testing.T begins.
func runCrowd(b *testing.B, n int, report func(float64, string)) {
	ok := testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{
		Name: b.Name(), F: func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { inCrowd(t, n, report) })
		},
	}})
	if !ok {
		b.Fatal("it failed")
	}
}

func inCrowd(t *testing.T, n int, report func(float64, string)) {
	c := &crowd{net: nodetest.Network{Delay: 25 * time.Millisecond}}
	defer c.close()
	for i := range n {
		c.enter(t, i, newKey(t))
	}
	idle := time.Hour
	if n > 100 {
		idle /= 10 // a hundred thousand connections are kept alive
	}
	time.Sleep(idle / 2)
	before := c.bytes()
	time.Sleep(idle)
	report(float64(c.bytes()-before)/float64(n)/idle.Hours(), "B/idle-hour/node")
	c.figures(report)

	var put, get, miss sample
	for i := range min(n, 50) {
		key := rendezvous.Key{byte(i), 1}
		slot, ends := rendezvous.SlotAt(key, time.Now())
		place := rendezvous.At(key, slot)
		sealed := make([]byte, rendezvous.Size)
		rand.Read(sealed)
		writer, reader := i*7%n, (i*7+n/2)%n
		put.add(c, func(ctx context.Context) {
			if err := c.stores[writer].Put(ctx, place.Signer(), sealed, ends); err != nil {
				t.Errorf("node %d cannot write: %v", writer, err)
			}
		})
		get.add(c, func(ctx context.Context) {
			if found, err := c.stores[reader].Get(ctx, place.Signer()); err != nil || !bytes.Equal(found, sealed) {
				t.Errorf("node %d does not find what %d wrote: %v", reader, writer, err)
			}
		})
		miss.add(c, func(ctx context.Context) {
			if _, err := c.stores[reader].Get(ctx, rendezvous.At(key, slot+1).Signer()); err == nil {
				t.Error("it found what nobody wrote")
			}
		})
	}
	put.report("write", report)
	get.report("look", report)
	miss.report("miss", report)
}

// Nobody has more friends on one side of the network than a bucket holds, until they
// do: kad-dht swaps peers of a full bucket without end, while there are no more than ten
// in the table. So no bucket may be full with ten.
func TestLopsidedCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{net: nodetest.Network{Delay: 25 * time.Millisecond}}
		defer c.close()
		for i := range 11 {
			key := newKey(t)
			for side(t, key) != (i == 0) {
				key = newKey(t)
			}
			c.enter(t, i, key)
		}
		time.Sleep(30 * time.Minute)
		before := c.bytes()
		time.Sleep(time.Hour)
		if n := (c.bytes() - before) / int64(len(c.hosts)); n > 1<<20 {
			t.Errorf("each node sent %d bytes in an hour in which nothing happened", n)
		}
	})
}

// side tells in which half of the network the owner of key is.
func side(t *testing.T, key crypto.PrivKey) bool {
	t.Helper()
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256([]byte(id))[0] < 128
}

func newKey(t *testing.T) crypto.PrivKey {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// enter adds a node, which knows the first.
func (c *crowd) enter(t *testing.T, i int, key crypto.PrivKey) {
	t.Helper()
	h, err := host.New(t.Context(), host.Config{
		Key: key, Listen: []string{fmt.Sprintf("/ip4/11.%d.%d.1/udp/4001/quic-v1", i/250, i%250)}, Options: c.net.Options(),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.hosts = append(c.hosts, h)
	first := peer.AddrInfo{ID: c.hosts[0].ID(), Addrs: c.hosts[0].Addrs()}
	s, err := dht.Config{Node: h, Prefix: "/truce/test"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	c.stores = append(c.stores, s)
	if i > 0 {
		if err := s.Join(t.Context(), first); err != nil {
			t.Fatalf("node %d: %v", i, err)
		}
	}
	time.Sleep(time.Second)
}

func (c *crowd) close() {
	for _, s := range c.stores {
		s.Close()
	}
	for _, h := range c.hosts {
		h.Close()
	}
}

func (c *crowd) bytes() int64 {
	_, n := c.net.Traffic()
	return n
}

// figures tells how many others a node knows, and is connected with.
func (c *crowd) figures(report func(float64, string)) {
	var conns, most, table int
	for i, h := range c.hosts {
		n := len(h.Network().Peers())
		conns, most, table = conns+n, max(most, n), table+c.stores[i].Peers()
	}
	n := float64(len(c.hosts))
	report(float64(conns)/n, "conns/node")
	report(float64(most), "conns/worst")
	report(float64(table)/n, "table/node")
}

// sample is how several operations of one kind went.
type sample struct {
	took        []time.Duration
	asked, hops []int
	bytes       int64
}

// add does something, and counts who is asked, over how many others.
func (x *sample) add(c *crowd, do func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	ctx, queries := routing.RegisterForQueryEvents(ctx)
	ctx, lookups := kad.RegisterForLookupEvents(ctx)
	asked, hops, done := 0, 0, make(chan struct{}, 2)
	go func() {
		for e := range queries {
			if e.Type == routing.SendingQuery || e.Type == routing.Value && e.ID != "" {
				asked++
			}
		}
		done <- struct{}{}
	}()
	go func() {
		depth := map[peer.ID]int{}
		for e := range lookups {
			if r := e.Response; r != nil {
				for _, p := range r.Heard {
					if _, known := depth[p.Peer]; !known && r.Source != nil {
						depth[p.Peer] = depth[r.Source.Peer] + 1
					}
				}
				for _, p := range r.Queried {
					hops = max(hops, depth[p.Peer])
				}
			}
		}
		done <- struct{}{}
	}()
	began, before := time.Now(), c.bytes()
	do(ctx)
	x.took = append(x.took, time.Since(began))
	x.bytes += c.bytes() - before
	cancel()
	<-done
	<-done
	x.asked, x.hops = append(x.asked, asked), append(x.hops, hops)
}

func (x *sample) report(name string, report func(float64, string)) {
	slices.Sort(x.took)
	n := len(x.took)
	report(float64(x.took[n/2].Milliseconds()), name+"-ms-p50")
	report(float64(x.took[n*95/100].Milliseconds()), name+"-ms-p95")
	report(mean(x.asked), name+"-messages")
	report(mean(x.hops), name+"-hops")
	report(math.Round(float64(x.bytes)/float64(n)), name+"-B")
}

func mean(list []int) float64 {
	sum := 0
	for _, n := range list {
		sum += n
	}
	return float64(sum) / float64(len(list))
}
