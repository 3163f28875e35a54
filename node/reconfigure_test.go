package node_test

import (
	"context"
	"errors"
	"net"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
)

// as is how p's node runs, with a change.
func (p *person) as(change func(*node.Config)) node.Config {
	c := node.Config{NoMDNS: true, Listen: p.listen()}
	change(&c)
	return c
}

func delivers(t *testing.T, from, to *node.Node, text string) {
	t.Helper()
	m := send(t, from, to, text)
	eventually(t, from, text+" is delivered", func() bool { return state(t, from, m.ID) == chat.Delivered })
}

// A node moves to other addresses while both sides write: everything arrives, once and
// in order, and the account and the peer id stay.
func TestReconfigure(t *testing.T) {
	ann, _, a, b := friends(t)
	id, addrs := a.PeerID(), a.Addrs()
	if err := a.Reconfigure(t.Context(), ann.as(func(*node.Config) {})); err != nil || !slices.Equal(a.Addrs(), addrs) {
		t.Fatalf("nothing new: %v, at %v", err, a.Addrs())
	}

	const count = 60
	moved := make(chan error, 1)
	var ways []node.Config
	for range 3 {
		ann.move(t)
		ways = append(ways, ann.as(func(*node.Config) {}))
	}
	go func() {
		var err error
		for _, w := range ways {
			err = errors.Join(err, a.Reconfigure(t.Context(), w))
		}
		moved <- err
	}()
	numbered(t, a, b, 0, count)
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	if now := a.Addrs(); a.PeerID() != id || slices.Equal(now, addrs) {
		t.Errorf("it is %s at %v, and was %s at %v", a.PeerID(), now, id, addrs)
	}
	inOrder(t, a, b, count)
	delivers(t, b, a, "you have moved")

	// Where it cannot be, it stays.
	here := a.Addrs()
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = a.Reconfigure(t.Context(), ann.as(func(c *node.Config) {
		c.Listen = []string{"/ip4/127.0.0.1/tcp/" + strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)}
	}))
	var told *chat.Error
	if !errors.As(err, &told) || !slices.Equal(a.Addrs(), here) {
		t.Errorf("an address that is taken: %v, and it is at %v", err, a.Addrs())
	}
	err = a.Reconfigure(t.Context(), ann.as(func(c *node.Config) { c.Peers = []string{"nobody"} }))
	if !errors.As(err, &told) || !slices.Equal(a.Addrs(), here) {
		t.Errorf("a peer that is none: %v, and it is at %v", err, a.Addrs())
	}
	delivers(t, a, b, "still here")

	a.Close()
	if err := a.Reconfigure(t.Context(), ann.as(func(*node.Config) {})); err == nil {
		t.Error("a closed node is reconfigured")
	}
}

// Offline, and when nobody waits, nothing happens.
func TestReconfigureInVain(t *testing.T) {
	ann := newPerson(t, "Ann")
	a := ann.start(t, offline)
	if err := a.Reconfigure(t.Context(), ann.as(func(*node.Config) {})); err != nil || a.PeerID() != "" {
		t.Errorf("offline: %v", err)
	}
	b := newPerson(t, "Ben").start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Reconfigure(ctx, node.Config{Listen: []string{"/ip4/127.0.0.1/tcp/0"}}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}

// Every field of Config is either of those that Reconfigure changes or known to stay.
func TestReconfigureKnowsConfig(t *testing.T) {
	stay := []string{"Home", "Name", "Passphrase", "Protect", "Seed", "Offline", "Log", "Metrics", "Now", "Network", "Options"}
	var full, empty node.Config
	for v, i := reflect.ValueOf(&full).Elem(), 0; i < v.NumField(); i++ {
		switch f := v.Field(i); f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
	node.SetWay(&empty, full)
	for v, i := reflect.ValueOf(empty), 0; i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		if changed := !v.Field(i).IsZero(); changed == slices.Contains(stay, name) {
			t.Errorf("%s: changed is %v; add it to type way, or to the list here", name, changed)
		}
	}
}
