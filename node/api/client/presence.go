package client

import "context"

// Status is how I say that I am there. Presence is available, away, busy or
// invisible; Status is a text of at most 1,000 characters.
type Status struct {
	Presence string `json:"presence"`
	Status   string `json:"status"`
}

// Status returns how I said last that I am there.
func (c *Client) Status(ctx context.Context) (out Status, err error) {
	return out, c.get(ctx, &out, "/v1/status")
}

// SetStatus says how I am there.
func (c *Client) SetStatus(ctx context.Context, in Status) (out Status, err error) {
	return out, c.post(ctx, &out, "/v1/status", in)
}

// Typing tells a contact that I write a message to them, or have stopped. It is
// good for ten seconds, and tells nobody who is not connected now.
func (c *Client) Typing(ctx context.Context, who string, on bool) error {
	return c.post(ctx, nil, contactPath(who, "/typing"), map[string]bool{"typing": on})
}

// Active notes that somebody uses this face. Call it at most once a minute: where
// faces do, the node says "away" by itself when none has for a while.
func (c *Client) Active(ctx context.Context) error { return c.post(ctx, nil, "/v1/activity", nil) }
