package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// Events yields what happens after the cursor since, or from now on if since
// is empty. The first event is a node event that carries the cursor at which
// reading starts. If since is unknown the first is a reset instead: what was
// read before is void, and events go on from its cursor. The sequence ends with
// an error: the context's cause, or ErrUnreachable when the node stops; then
// Events may be called again with the last cursor.
func (c *Client) Events(ctx context.Context, since string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		path := "/v1/events"
		if since != "" {
			path += "?since=" + url.QueryEscape(since)
		}
		header := http.Header{"Accept": {"text/event-stream"}}
		res, err := c.send(ctx, http.MethodGet, path, nil, header)
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer res.Body.Close()
		r := bufio.NewReader(res.Body)
		for {
			e, err := readEvent(ctx, r)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// readEvent reads up to the next event. Of the fields of a server-sent event
// only data counts: it repeats the others. Lines may be of any length, for the
// node is trusted.
func readEvent(ctx context.Context, r *bufio.Reader) (e Event, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return Event{}, unreachable(ctx, err)
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return Event{}, fmt.Errorf("an event of the node cannot be read: %w", err)
		}
		return e, nil
	}
}
