package client

import (
	"context"
	"io"
	"net/http"
)

// Profile is what somebody tells their contacts of themselves. Nobody has checked
// it.
type Profile struct {
	Account    string `json:"account"`
	Name       string `json:"name"`
	About      string `json:"about"`       // at most 1,000 characters
	Avatar     string `json:"avatar"`      // SHA-256 of the picture in hex; empty: none
	AvatarHere bool   `json:"avatar_here"` // the picture has come
}

// ProfileChange sets what is not nil. Avatar is a PNG or JPEG file; empty: none any
// more.
type ProfileChange struct {
	Name   *string `json:"name,omitempty"`
	About  *string `json:"about,omitempty"`
	Avatar *[]byte `json:"avatar,omitempty"`
}

// MyProfile returns what I tell of myself.
func (c *Client) MyProfile(ctx context.Context) (out Profile, err error) {
	return out, c.get(ctx, &out, "/v1/profile")
}

// SetProfile changes what I tell of myself.
func (c *Client) SetProfile(ctx context.Context, in ProfileChange) (out Profile, err error) {
	return out, c.post(ctx, &out, "/v1/profile", in)
}

// Profile returns what who tells of themselves.
func (c *Client) Profile(ctx context.Context, who string) (out Profile, err error) {
	return out, c.get(ctx, &out, contactPath(who, "/profile"))
}

// Avatar returns the picture of who, or mine for "", as a PNG file that this node
// made of it.
func (c *Client) Avatar(ctx context.Context, who string) ([]byte, error) {
	path := "/v1/profile/avatar"
	if who != "" {
		path = contactPath(who, "/avatar")
	}
	res, err := c.send(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	file, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	return file, nil
}
