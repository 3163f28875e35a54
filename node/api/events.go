package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/api/client"
)

// heartbeat is how often an idle stream shows that it is alive.
const heartbeat = 15 * time.Second

// events streams what happens as server-sent events until the client leaves or
// the node stops.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	since := r.URL.Query().Get("since")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		since = last
	}
	ctx, cancel := context.WithCancel(r.Context())
	updates := make(chan client.Event)
	go func() {
		defer close(updates)
		s.follow(ctx, since, updates)
	}()
	defer func() {
		cancel()
		for range updates { // until follow has ended
		}
	}()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := http.NewResponseController(w)
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		text := []byte(": still here\n\n")
		select {
		case e, ok := <-updates:
			if !ok {
				return
			}
			text = encodeEvent(e)
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if _, err := w.Write(text); err != nil || out.Flush() != nil {
			return
		}
	}
}

// follow sends the place where reading starts, and then every update, until ctx
// ends or the store fails. What is sent is read when it is taken: nothing
// queues up.
func (s *server) follow(ctx context.Context, since string, updates chan<- client.Event) {
	put := func(e client.Event) bool {
		select {
		case updates <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	watch := s.chat.Watch
	if since == "" {
		since, watch = s.chat.Cursor(), s.chat.Follow
	}
	if s.known(since) && !put(client.Event{
		Cursor: since,
		Event:  client.EventNode,
		Time:   client.Time{Time: time.Now()},
		What:   "watching",
	}) {
		return
	}
	for u, err := range watch(ctx, since) {
		if err != nil || !put(viewUpdate(u)) {
			return
		}
	}
}

// known reports whether reading can go on after the cursor: Watch, when its time
// is up already, yields nothing but the reset of one that is unknown.
func (s *server) known(cursor string) bool {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for u := range s.chat.Watch(ended, cursor) {
		return u.Kind != chat.UpdateReset
	}
	return true
}

func encodeEvent(e client.Event) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %s\nevent: %s\ndata: ", e.Cursor, e.Event)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic(err) // strings, numbers and times: cannot fail
	}
	b.WriteByte('\n')
	return b.Bytes()
}
