package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// Host is the name every request is sent to; the node refuses any other, so
// that no web page can reach it by a name of its own.
const Host = "truce"

// Client talks to one node.
type Client struct{ http http.Client }

// New makes a client that sends its requests through rt.
func New(rt http.RoundTripper) *Client { return &Client{http.Client{Transport: rt}} }

// Dial makes a client of the node that serves home. It does not connect yet:
// methods return ErrUnreachable if no node is there. Close it after use.
func Dial(home string) *Client {
	return New(&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialSocket(ctx, home)
		},
		DisableCompression: true,
	})
}

// Close ends connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// get reads path into out; args are a query in pairs, those without a value
// are left out.
func (c *Client) get(ctx context.Context, out any, path string, args ...string) error {
	query := url.Values{}
	for i := 0; i < len(args); i += 2 {
		if args[i+1] != "" {
			query.Set(args[i], args[i+1])
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.call(ctx, http.MethodGet, path, nil, out)
}

// post sends in to path and reads the answer into out. A nil in is sent as an
// empty object, a nil out drops the answer.
func (c *Client) post(ctx context.Context, out any, path string, in any) error {
	if in == nil {
		in = struct{}{}
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.call(ctx, http.MethodPost, path, body, out)
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, out any) error {
	res, err := c.send(ctx, method, path, body, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return unreachable(ctx, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the node's answer cannot be read: %w", err)
	}
	return nil
}

// send returns a response whose status is 200; the caller closes its body.
func (c *Client) send(ctx context.Context, method, path string, body []byte, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+Host+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	return nil, readFailure(ctx, res)
}

func readFailure(ctx context.Context, res *http.Response) error {
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return unreachable(ctx, err)
	}
	var f Failure
	if json.Unmarshal(answer, &f) != nil || f.Error == nil {
		return &Error{Code: CodeFailed, Message: fmt.Sprintf("the node answered %q, which cannot be read", res.Status)}
	}
	return f.Error
}

// unreachable tells a request that the caller ended from one that failed.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
