package client

import "context"

// Check is one thing that a node looked at: what is, and what to do about it
// or "". Names of contacts in it must be made printable.
type Check struct {
	Check  string `json:"check"` // see API.md
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Hint   string `json:"hint"`
}

// Doctor has the node look at itself, its network and its contacts, which may
// take a few seconds.
func (c *Client) Doctor(ctx context.Context) ([]Check, error) {
	var out struct{ Checks []Check }
	err := c.get(ctx, &out, "/v1/doctor")
	return out.Checks, err
}
