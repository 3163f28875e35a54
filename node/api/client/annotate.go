package client

import "context"

// SetGroups puts who into these groups of mine, and into no others.
func (c *Client) SetGroups(ctx context.Context, who string, groups []string) (out Contact, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/groups"), struct {
		Groups []string `json:"groups"`
	}{groups})
}

// SetMemo notes something about who, for me alone; "" drops the note.
func (c *Client) SetMemo(ctx context.Context, who, memo string) (out Contact, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/memo"), struct {
		Memo string `json:"memo"`
	}{memo})
}

// SetTell says whether I want to be told when who comes: Event.Tell.
func (c *Client) SetTell(ctx context.Context, who string, on bool) (out Contact, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/tell"), struct {
		Tell bool `json:"tell"`
	}{on})
}

// SetHidden says whether where this node is stays hidden from who.
func (c *Client) SetHidden(ctx context.Context, who string, on bool) (out Contact, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/hide"), struct {
		Hide bool `json:"hide"`
	}{on})
}

// SetShown says how much of my presence who sees: full, plain (whether I am
// there) or none.
func (c *Client) SetShown(ctx context.Context, who, grade string) (out Contact, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/presence"), struct {
		Shown string `json:"shown"`
	}{grade})
}
