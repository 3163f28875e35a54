package client

import "context"

// ID tells who the node is.
func (c *Client) ID(ctx context.Context) (out Identity, err error) {
	return out, c.get(ctx, &out, "/v1/id")
}

type link struct {
	Link string `json:"link"`
}

// Link returns the link to hand out.
func (c *Client) Link(ctx context.Context) (string, error) {
	var out link
	err := c.get(ctx, &out, "/v1/link")
	return out.Link, err
}

// ResetLink makes a new link and retires every earlier one. key is an
// idempotency key, or empty.
func (c *Client) ResetLink(ctx context.Context, key string) (string, error) {
	var out link
	err := c.post(ctx, &out, "/v1/link/reset", struct {
		Key string `json:"key"`
	}{key})
	return out.Link, err
}

// RenewDevice gives the device a new key. words are the 24 words of the account;
// empty: the key file in the home is used.
func (c *Client) RenewDevice(ctx context.Context, words string) (out Identity, err error) {
	return out, c.post(ctx, &out, "/v1/device/renew", struct {
		Words string `json:"words"`
	}{words})
}

// Peers returns the open connections.
func (c *Client) Peers(ctx context.Context) ([]Peer, error) {
	var out struct{ Peers []Peer }
	err := c.get(ctx, &out, "/v1/peers")
	return out.Peers, err
}

// Settings returns all settings.
func (c *Client) Settings(ctx context.Context) ([]Setting, error) {
	var out struct{ Settings []Setting }
	err := c.get(ctx, &out, "/v1/settings")
	return out.Settings, err
}

// Setting returns one setting.
func (c *Client) Setting(ctx context.Context, name string) (out Setting, err error) {
	return out, c.get(ctx, &out, "/v1/settings/"+segment(name))
}

// SetSetting changes one setting.
func (c *Client) SetSetting(ctx context.Context, name, value string) (out Setting, err error) {
	in := struct {
		Value string `json:"value"`
	}{value}
	return out, c.post(ctx, &out, "/v1/settings/"+segment(name), in)
}

// Version tells of the program that the node runs.
func (c *Client) Version(ctx context.Context) (out Version, err error) {
	return out, c.get(ctx, &out, "/v1/version")
}

// Stop ends the node cleanly. It returns when the node has agreed to; the node
// goes on to say goodbye for a moment.
func (c *Client) Stop(ctx context.Context) error { return c.post(ctx, nil, "/v1/stop", nil) }

// HandOver asks a node that runs only until a message is delivered to leave the
// home to the caller. Any other node refuses.
func (c *Client) HandOver(ctx context.Context) error { return c.post(ctx, nil, "/v1/handover", nil) }
