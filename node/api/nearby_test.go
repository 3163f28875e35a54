package api_test

import (
	"crypto/rand"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

// onLAN opens a node that announces itself, to be seen by everybody.
func onLAN(t *testing.T, name string) *client.Client {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{Home: t.TempDir(), Name: name, Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	c := client.New(api.Local(api.New(n, api.Options{})))
	if _, err := c.SetSetting(t.Context(), "nearby", "true"); err != nil {
		t.Fatal(err)
	}
	return c
}

// sees waits until c sees so many nearby of a name.
func sees(t *testing.T, c *client.Client, name string, want int) (list []client.Neighbour) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); <-tick.C {
		all, err := c.Nearby(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list = slices.DeleteFunc(all, func(x client.Neighbour) bool { return x.Name != name })
		if len(list) == want {
			return list
		}
	}
	t.Fatalf("%d are seen of the name, not %d", len(list), want)
	return nil
}

func code(err error) string {
	var e *client.Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Code
}

// Somebody nearby is asked by name if one alone has it, else by address; with a
// key the answer is the same when they are gone.
func TestAddNearby(t *testing.T) {
	conn, err := net.Dial("udp4", "224.0.0.251:5353")
	if err == nil {
		_, err = conn.Write([]byte{0})
		conn.Close()
	}
	if err != nil {
		t.Skipf("no multicast on this machine: %v", err)
	}
	ctx := t.Context()
	one, two := "One "+rand.Text(), "Two "+rand.Text() // others may run this test on this network
	ann, ben := onLAN(t, "Ann"), onLAN(t, one)
	onLAN(t, two)
	onLAN(t, two)

	id, err := ben.ID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sees(t, ann, one, 1)[0], (client.Neighbour{Account: id.Account, Name: one, PeerID: id.PeerID}); got != want {
		t.Errorf("listed as %v, want %v", got, want)
	}
	twos := sees(t, ann, two, 2)
	if _, err := ann.Add(ctx, client.AddRequest{Link: two}); code(err) != client.CodeAmbiguous {
		t.Errorf("one of two: %v", err)
	}
	if _, err := ann.Add(ctx, client.AddRequest{Link: "nobody " + one}); code(err) != client.CodeUsage {
		t.Errorf("nobody: %v", err)
	}
	if c, err := ann.Add(ctx, client.AddRequest{Link: twos[1].Account}); err != nil || c.Account != twos[1].Account {
		t.Errorf("by address: %v, %v", c, err)
	}
	in := client.AddRequest{Link: one, Name: "Ben", Key: "k"}
	c, err := ann.Add(ctx, in)
	if err != nil || c.Account != id.Account || c.Name != "Ben" || c.State != "asked" {
		t.Fatalf("by name: %v, %v", c, err)
	}
	if _, err := ben.SetSetting(ctx, "nearby", "false"); err != nil {
		t.Fatal(err)
	}
	sees(t, ann, one, 0)
	if again, err := ann.Add(ctx, in); err != nil || again.Account != c.Account {
		t.Errorf("again: %v, %v", again, err)
	}
}
