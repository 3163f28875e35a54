package client

import (
	"context"
	"net/url"
	"strings"
	"time"
)

func contactPath(who, rest string) string { return "/v1/contacts/" + segment(who) + rest }
func requestPath(who, rest string) string { return "/v1/requests/" + segment(who) + rest }

// segment escapes s as one segment of a path, also where s is "." or "..".
func segment(s string) string {
	return strings.ReplaceAll(url.PathEscape(s), ".", "%2E")
}

// Contacts returns all contacts.
func (c *Client) Contacts(ctx context.Context) ([]Contact, error) {
	var out struct{ Contacts []Contact }
	return out.Contacts, c.get(ctx, &out, "/v1/contacts")
}

// ContactsIn returns the contacts in a group, in any letter case.
func (c *Client) ContactsIn(ctx context.Context, group string) ([]Contact, error) {
	var out struct{ Contacts []Contact }
	return out.Contacts, c.get(ctx, &out, "/v1/contacts", "group", group)
}

// Contact returns one contact. Who is a petname or an address, here and below.
func (c *Client) Contact(ctx context.Context, who string) (out Contact, err error) {
	return out, c.get(ctx, &out, contactPath(who, ""))
}

// AddRequest asks the owner of Link to be a contact. Link may also be the name or
// the address of somebody nearby. All but Link may be empty.
type AddRequest struct {
	Link string `json:"link"`
	Name string `json:"name"` // petname; empty: the one they suggest
	Note string `json:"note"`
	Key  string `json:"key"`
}

// Changed is a contact after a change. Notice is something its owner should
// know about it, or empty.
type Changed struct {
	Contact
	Notice string `json:"notice"`
}

// Add asks somebody to be a contact.
func (c *Client) Add(ctx context.Context, in AddRequest) (out Changed, err error) {
	return out, c.post(ctx, &out, "/v1/contacts", in)
}

// WaitContact waits until who has answered my request, at most for d, and
// returns the contact as it then stands. A timeout is no error.
func (c *Client) WaitContact(ctx context.Context, who string, d time.Duration) (out Contact, err error) {
	return out, c.get(ctx, &out, contactPath(who, "/wait"), "timeout", d.String())
}

// Requests returns those who ask me and wait for an answer.
func (c *Client) Requests(ctx context.Context) ([]Request, error) {
	var out struct{ Requests []Request }
	return out.Requests, c.get(ctx, &out, "/v1/requests")
}

type nameRequest struct {
	Name string `json:"name"`
}

// Accept makes who a contact under the petname name, or if that is empty the
// one they suggest.
func (c *Client) Accept(ctx context.Context, who, name string) (out Changed, err error) {
	return out, c.post(ctx, &out, requestPath(who, "/accept"), nameRequest{name})
}

// Decline refuses the request of who.
func (c *Client) Decline(ctx context.Context, who string) (out Contact, err error) {
	return out, c.post(ctx, &out, requestPath(who, "/decline"), nil)
}

// Rename gives who another petname. key is an idempotency key, or empty.
func (c *Client) Rename(ctx context.Context, who, name, key string) (out Contact, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/rename"), struct {
		Name string `json:"name"`
		Key  string `json:"key"`
	}{name, key})
}

// Safety returns the safety number shared with who.
func (c *Client) Safety(ctx context.Context, who string) (out Safety, err error) {
	return out, c.get(ctx, &out, contactPath(who, "/safety"))
}

// Verify compares number with the safety number shared with who, and marks the
// contact if they are equal.
func (c *Client) Verify(ctx context.Context, who, number string) (out Safety, err error) {
	in := struct {
		Number string `json:"number"`
	}{number}
	return out, c.post(ctx, &out, contactPath(who, "/verify"), in)
}
