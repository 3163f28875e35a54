package client

import "context"

// Remove ends the relation with who, and gives up what they have not got.
func (c *Client) Remove(ctx context.Context, who string) (out Changed, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/remove"), nil)
}

// Block makes a stranger of who, without a sign to them, and resets my link.
func (c *Client) Block(ctx context.Context, who string) (out Changed, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/block"), nil)
}

// Unblock undoes Block.
func (c *Client) Unblock(ctx context.Context, who string) (out Changed, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/unblock"), nil)
}
