package client

import "context"

// Cancel takes back my message if nobody can have it yet. One that may have
// arrived is an Error of CodeRefused: only Delete helps then.
func (c *Client) Cancel(ctx context.Context, id, key string) (out Message, err error) {
	in := struct {
		Key string `json:"key"`
	}{key}
	return out, c.post(ctx, &out, messagePath(id, "/cancel"), in)
}
