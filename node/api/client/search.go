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
	"strconv"
)

// How many messages a search finds: if nothing is said, and at most.
const (
	DefaultHits = 20
	MaxHits     = 10_000
)

// SearchRequest asks for the newest N messages, DefaultHits if it is 0, that have
// Text in them, letter case and accents aside: in the conversation with In, or, if
// that is empty, in all.
type SearchRequest struct {
	Text string
	In   string
	N    int
}

// Search yields messages as they are found, newest first. An error is the last
// that it yields.
func (c *Client) Search(ctx context.Context, in SearchRequest) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		query := url.Values{"text": {in.Text}}
		if in.In != "" {
			query.Set("in", in.In)
		}
		if in.N != 0 {
			query.Set("n", strconv.Itoa(in.N))
		}
		res, err := c.send(ctx, http.MethodGet, "/v1/search?"+query.Encode(), nil, nil)
		if err != nil {
			yield(Message{}, err)
			return
		}
		defer res.Body.Close()
		for r := bufio.NewReader(res.Body); ; {
			m, err := readHit(ctx, r)
			if err == io.EOF || !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// readHit returns the next message, or io.EOF.
func readHit(ctx context.Context, r *bufio.Reader) (Message, error) {
	line, err := r.ReadBytes('\n')
	switch {
	case err == io.EOF && len(line) == 0:
		return Message{}, io.EOF
	case err != nil:
		return Message{}, unreachable(ctx, err)
	}
	var hit struct {
		Message
		Failure
	}
	if err := json.Unmarshal(line, &hit); err != nil {
		return Message{}, fmt.Errorf("the node's answer cannot be read: %w", err)
	}
	if hit.Error != nil {
		return Message{}, hit.Error
	}
	return hit.Message, nil
}
