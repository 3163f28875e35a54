package api_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/truce-im/truce/node/api/client"
)

// Over the socket and without one: hits come one by one, who has enough hangs up,
// and a failure is told as any other.
func TestSearch(t *testing.T) {
	h, local := pair(t)
	for i := range 30 {
		if _, err := local.Send(t.Context(), "Bob", client.SendRequest{Text: fmt.Sprint("message ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	remote, _ := serve(t, t.TempDir(), h)
	for name, c := range map[string]*client.Client{"socket": remote, "store": local} {
		n := 0
		for m, err := range c.Search(t.Context(), client.SearchRequest{Text: "MESSAGE", In: "bob", N: 25}) {
			if want := fmt.Sprint("message ", 29-n); err != nil || m.Text != want {
				t.Fatalf("%s: %+v, %v, not %s", name, m, err, want)
			}
			n++
		}
		if n != 25 {
			t.Errorf("%s: %d hits", name, n)
		}
		for range c.Search(t.Context(), client.SearchRequest{Text: "message"}) {
			break
		}
		for _, err := range c.Search(t.Context(), client.SearchRequest{Text: "nowhere"}) {
			t.Errorf("%s: it finds something, or %v", name, err)
		}
		for in, code := range map[client.SearchRequest]string{
			{}:                              client.CodeUsage,
			{Text: "x", N: -1}:              client.CodeUsage,
			{Text: "x", N: 1 << 20}:         client.CodeUsage,
			{Text: "message", In: "nobody"}: client.CodeNotFound,
		} {
			for _, err := range c.Search(t.Context(), in) {
				var told *client.Error
				if !errors.As(err, &told) || told.Code != code {
					t.Errorf("%s: %+v: %v, not %s", name, in, err, code)
				}
			}
		}
	}
}

// All yields a conversation of more than one page, and goes on where it was told.
func TestAll(t *testing.T) {
	_, c := pair(t)
	const n = 450
	var ids []string
	for i := range n {
		m, err := c.Send(t.Context(), "Bob", client.SendRequest{Text: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	for from, after := range map[int]string{0: "", 1: ids[0], 200: ids[199], n - 1: ids[n-2], n: ids[n-1]} {
		at := from
		for m, err := range c.All(t.Context(), "Bob", after) {
			if err != nil || m.ID != ids[at] {
				t.Fatalf("from %d on, at %d: %s, %v", from, at, m.Text, err)
			}
			at++
		}
		if at != n {
			t.Errorf("from %d on it ends at %d", from, at)
		}
	}
	for _, err := range c.All(t.Context(), "nobody", "") {
		var told *client.Error
		if !errors.As(err, &told) || told.Code != client.CodeNotFound {
			t.Errorf("of nobody: %v", err)
		}
	}
}
