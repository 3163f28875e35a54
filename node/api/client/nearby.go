package client

import "context"

// Neighbour is somebody on the local network who lets everybody there see them.
// Name is what they call themselves: anybody can take any name.
type Neighbour struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	PeerID  string `json:"peer_id"`
}

// Nearby returns who is to be seen on the local network. Add takes their name or
// address in place of a link.
func (c *Client) Nearby(ctx context.Context) ([]Neighbour, error) {
	var out struct{ Nearby []Neighbour }
	err := c.get(ctx, &out, "/v1/nearby")
	return out.Nearby, err
}
