package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// Compacted is what a rewrite did to the file of the store: its size in bytes.
type Compacted struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// CompactStep is a line of what the node answers while it rewrites its store:
// how much is done, or the outcome.
type CompactStep struct {
	Done   uint64     `json:"done,omitempty"`
	Total  uint64     `json:"total,omitempty"`
	Result *Compacted `json:"result,omitempty"`
	Error  *Error     `json:"error,omitempty"`
}

// Compact rewrites the store under a new key, without what was deleted. progress
// is called now and then with how much is done; it may be nil. The end of ctx
// ends the rewrite: then nothing has changed.
func (c *Client) Compact(ctx context.Context, progress func(done, total uint64)) (Compacted, error) {
	res, err := c.send(ctx, http.MethodPost, "/v1/compact", []byte("{}"), nil)
	if err != nil {
		return Compacted{}, err
	}
	defer res.Body.Close()
	for lines := json.NewDecoder(res.Body); ; {
		var step CompactStep
		switch err := lines.Decode(&step); {
		case errors.Is(err, io.EOF):
			return Compacted{}, unreachable(ctx, io.ErrUnexpectedEOF)
		case err != nil:
			return Compacted{}, unreachable(ctx, err)
		case step.Error != nil:
			return Compacted{}, step.Error
		case step.Result != nil:
			return *step.Result, nil
		case progress != nil:
			progress(step.Done, step.Total)
		}
	}
}
