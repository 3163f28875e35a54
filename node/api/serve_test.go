package api_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

// serve puts h on the socket in home until stop is called.
func serve(t *testing.T, home string, h http.Handler) (c *client.Client, stop func()) {
	t.Helper()
	l, err := api.Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- api.Serve(ctx, l, h) }()
	c = client.Dial(home)
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		c.Close()
		done <- nil
	}
	t.Cleanup(stop)
	return c, stop
}

func TestSocket(t *testing.T) {
	for name, home := range map[string]string{
		"short": t.TempDir(),
		"long":  filepath.Join(t.TempDir(), strings.Repeat("long", 30), strings.Repeat("home", 30)),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(home, 0o700); err != nil {
				t.Fatal(err)
			}
			n, err := node.Open(t.Context(), node.Config{Home: home, Offline: true})
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			path := filepath.Join(home, client.SocketName)
			if err := os.WriteFile(path, nil, 0o644); err != nil { // left by a dead node
				t.Fatal(err)
			}
			c, stop := serve(t, home, api.New(n, api.Options{}))
			if id, err := c.ID(t.Context()); err != nil || id.Account != n.Chat().Account().String() {
				t.Errorf("got %+v, %v", id, err)
			}
			if info, err := os.Stat(path); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
				t.Errorf("the socket has mode %v, %v", info.Mode(), err)
			}
			stop()
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("the socket is still there: %v", err)
			}
			if _, err := c.ID(t.Context()); !errors.Is(err, client.ErrUnreachable) {
				t.Errorf("of a node that is gone: %v", err)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "truce*", "h")); len(left) > 0 {
		t.Errorf("short paths are left behind: %v", left)
	}
}

func TestStopIsAnswered(t *testing.T) {
	n := open(t, "Ann")
	stopped := make(chan struct{})
	c, stop := serve(t, n.Home(), api.New(n, api.Options{Stop: func() { close(stopped) }}))
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-stopped
	stop()
}

func TestRequestsEndWithTheServer(t *testing.T) {
	n := open(t, "Ann")
	link, err := open(t, "Bob").Chat().Link(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, stop := serve(t, n.Home(), api.New(n, api.Options{}))
	if _, err := c.Add(t.Context(), client.AddRequest{Link: link.String()}); err != nil {
		t.Fatal(err)
	}
	m, err := c.Send(t.Context(), "Bob", client.SendRequest{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 3)
	watching := make(chan struct{})
	go func() {
		_, err := c.Wait(t.Context(), m.ID, time.Hour)
		ended <- err
	}()
	go func() {
		_, err := c.WaitContact(t.Context(), "Bob", time.Hour)
		ended <- err
	}()
	go func() {
		for _, err := range c.Events(t.Context(), "") {
			if err != nil {
				ended <- err
				return
			}
			close(watching)
		}
	}()
	<-watching
	stop()
	for range 3 {
		if err := <-ended; !errors.Is(err, client.ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	}
}

// collect reads n events after since.
func collect(t *testing.T, c *client.Client, since string, n int) (list []client.Event) {
	t.Helper()
	for e, err := range c.Events(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		if list = append(list, e); len(list) == n {
			break
		}
	}
	return list
}

func TestEventsResumeWithoutAGap(t *testing.T) {
	n := open(t, "Ann")
	link, err := open(t, "Bob").Chat().Link(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := serve(t, n.Home(), api.New(n, api.Options{}))
	first := collect(t, c, "", 1)[0]
	if first.Event != client.EventNode || first.Cursor != n.Chat().Cursor() || first.Time.IsZero() {
		t.Errorf("the first event is %+v", first)
	}
	if _, err := c.Add(t.Context(), client.AddRequest{Link: link.String()}); err != nil {
		t.Fatal(err)
	}
	const messages = 20
	for i := range messages {
		if _, err := c.Send(t.Context(), "Bob", client.SendRequest{Text: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	all := collect(t, c, first.Cursor, 1+1+messages)[1:]
	if all[0].Contact == nil || all[0].Contact.Name != "Bob" {
		t.Errorf("the contact is missing: %+v", all[0])
	}
	for i, e := range all[1:] {
		if e.Event != client.EventMessage || e.Message.Text != fmt.Sprint(i) {
			t.Fatalf("event %d is %+v", i, e)
		}
	}
	for i, e := range all[:len(all)-1] {
		rest := collect(t, c, e.Cursor, len(all)-i)
		if rest[0].Cursor != e.Cursor {
			t.Errorf("reading after %s begins at %s", e.Cursor, rest[0].Cursor)
		}
		cursor := func(e client.Event) string { return e.Cursor }
		if got, want := mapped(rest[1:], cursor), mapped(all[i+1:], cursor); !slices.Equal(got, want) {
			t.Errorf("after %s come %v, want %v", e.Cursor, got, want)
		}
	}
	for _, bad := range []string{"bogus", "0-1", all[0].Cursor + "9999"} {
		e := collect(t, c, bad, 1)[0]
		if e.Event != client.EventReset || e.Cursor != n.Chat().Cursor() {
			t.Errorf("after the cursor %q comes %+v, want a reset", bad, e)
		}
	}
}

func mapped[A, B any](list []A, f func(A) B) (out []B) {
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

// A stream takes up where Last-Event-ID says, and shows every 15 s that it is
// alive.
func TestEventStreamBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := open(t, "Ann")
		h := api.New(n, api.Options{})
		cursor := n.Chat().Cursor()
		if err := n.Chat().SetName("Anna"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://truce/v1/events?since=bogus", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", cursor)
		w := &stream{header: http.Header{}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.ServeHTTP(w, r)
		}()
		time.Sleep(40 * time.Second) // virtual
		cancel()
		<-done
		lines := strings.Split(w.text.String(), "\n")
		want := []string{"id: " + cursor, "event: node", "data: {", "", "id: ", "event: node", "data: {", "", ": ", "", ": ", ""}
		for i, prefix := range want {
			if i >= len(lines) || !strings.HasPrefix(lines[i], prefix) {
				t.Fatalf("line %d of the stream is not %q:\n%s", i, prefix, w.text.String())
			}
		}
		if w.flushed != 4 || w.header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("flushed %d times, header %v", w.flushed, w.header)
		}
	})
}

// stream takes what a handler writes.
type stream struct {
	header  http.Header
	text    strings.Builder
	flushed int
}

func (s *stream) Header() http.Header         { return s.header }
func (s *stream) WriteHeader(int)             {}
func (s *stream) Write(p []byte) (int, error) { return s.text.Write(p) }
func (s *stream) Flush()                      { s.flushed++ }

// A client that connects and says nothing holds up nobody.
func TestSilentClient(t *testing.T) {
	n := open(t, "Ann")
	c, stop := serve(t, n.Home(), api.New(n, api.Options{}))
	silent, err := net.Dial("unix", filepath.Join(n.Home(), client.SocketName))
	if err != nil {
		t.Skip(err) // the path is too long here
	}
	defer silent.Close()
	if _, err := c.Version(t.Context()); err != nil {
		t.Error(err)
	}
	stop()
}
