package client

import (
	"context"
	"strconv"
	"time"
)

func messagePath(id, rest string) string { return "/v1/messages/" + segment(id) + rest }

// SendRequest is a message to be sent. ReplyTo and Key may be empty.
type SendRequest struct {
	Text    string `json:"text"`
	ReplyTo string `json:"reply_to"`
	Key     string `json:"key"` // the same key gives the same message, once
}

// Send returns once the message is on disk.
func (c *Client) Send(ctx context.Context, who string, in SendRequest) (out Message, err error) {
	return out, c.post(ctx, &out, contactPath(who, "/messages"), in)
}

// Nudge asks somebody for attention, at most once a minute. The same key gives
// the same message, once.
func (c *Client) Nudge(ctx context.Context, who, key string) (out Message, err error) {
	in := struct {
		Key string `json:"key"`
	}{key}
	return out, c.post(ctx, &out, contactPath(who, "/nudge"), in)
}

// MaxHistory is the most messages that one call of History returns.
const MaxHistory = 1000

// HistoryRequest asks for N messages, 50 if it is 0. Before and After are ids
// and exclusive; both may be empty.
type HistoryRequest struct {
	N             int
	Before, After string
}

// History returns messages of the conversation with who, oldest first: the
// newest, or those next to the id asked for.
func (c *Client) History(ctx context.Context, who string, in HistoryRequest) ([]Message, error) {
	var out struct{ Messages []Message }
	n := ""
	if in.N != 0 {
		n = strconv.Itoa(in.N)
	}
	err := c.get(ctx, &out, contactPath(who, "/messages"), "n", n, "before", in.Before, "after", in.After)
	return out.Messages, err
}

// Read marks what who wrote as read, up to a message or, if that is empty, all.
func (c *Client) Read(ctx context.Context, who, upTo string) (out Unread, err error) {
	in := struct {
		UpTo string `json:"up_to"`
	}{upTo}
	return out, c.post(ctx, &out, contactPath(who, "/read"), in)
}

// Outbox returns what I sent and is not delivered yet.
func (c *Client) Outbox(ctx context.Context) ([]Message, error) {
	var out struct{ Messages []Message }
	return out.Messages, c.get(ctx, &out, "/v1/outbox")
}

// Message returns one message. Id is a whole id or a unique prefix of at least
// 6 digits, here and below.
func (c *Client) Message(ctx context.Context, id string) (out Message, err error) {
	return out, c.get(ctx, &out, messagePath(id, ""))
}

// Wait waits until the message is settled, at most for d, and returns it as it
// then stands. A timeout is no error.
func (c *Client) Wait(ctx context.Context, id string, d time.Duration) (out Message, err error) {
	return out, c.get(ctx, &out, messagePath(id, "/wait"), "timeout", d.String())
}

// Edit gives my message another text.
func (c *Client) Edit(ctx context.Context, id, text, key string) (out Message, err error) {
	in := struct {
		Text string `json:"text"`
		Key  string `json:"key"`
	}{text, key}
	return out, c.post(ctx, &out, messagePath(id, "/edit"), in)
}

// Delete deletes my message everywhere.
func (c *Client) Delete(ctx context.Context, id, key string) (out Message, err error) {
	in := struct {
		Key string `json:"key"`
	}{key}
	return out, c.post(ctx, &out, messagePath(id, "/delete"), in)
}

// React adds my reaction to a message or takes it back.
func (c *Client) React(ctx context.Context, id, emoji string, remove bool, key string) (out Message, err error) {
	in := struct {
		Emoji  string `json:"emoji"`
		Remove bool   `json:"remove"`
		Key    string `json:"key"`
	}{emoji, remove, key}
	return out, c.post(ctx, &out, messagePath(id, "/react"), in)
}
