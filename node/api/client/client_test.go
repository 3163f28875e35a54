package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

// answering is a node that gives one answer and keeps what it was asked.
type answering struct {
	status int
	body   string
	err    error
	asked  *http.Request
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = r
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Status: http.StatusText(a.status), Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		node        answering
		code        string
		unreachable bool
	}{
		"told":       {answering{status: 404, body: `{"error":{"code":"not_found","message":"no","hint":"look"}}`}, client.CodeNotFound, false},
		"stopping":   {answering{status: 503, body: `{"error":{"code":"unavailable","message":"no","hint":""}}`}, client.CodeUnavailable, true},
		"rubbish":    {answering{status: 500, body: `<html>`}, client.CodeFailed, false},
		"no node":    {answering{err: io.ErrUnexpectedEOF}, "", true},
		"bad answer": {answering{status: 200, body: `{`}, "", false},
	} {
		_, err := client.New(&test.node).ID(t.Context())
		var e *client.Error
		if errors.As(err, &e) != (test.code != "") || e != nil && e.Code != test.code {
			t.Errorf("%s: got %v, want code %q", name, err, test.code)
		}
		if err == nil || errors.Is(err, client.ErrUnreachable) != test.unreachable {
			t.Errorf("%s: got %v, unreachable: want %v", name, err, test.unreachable)
		}
	}
}

func TestCancelledRequestTellsItsCause(t *testing.T) {
	cause := errors.New("because")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := client.New(&answering{err: context.Canceled}).ID(ctx); err != cause {
		t.Errorf("got %v", err)
	}
}

func TestRequestsAreAddressedToTruce(t *testing.T) {
	node := &answering{status: 200, body: `{}`}
	c := client.New(node)
	c.Rename(t.Context(), "../a b", "x", "")
	if got, want := node.asked.URL.String(), "http://truce/v1/contacts/%2E%2E%2Fa%20b/rename"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := node.asked.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestEvents(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	node := &answering{status: 200, body: ": hello\n\nid: a-1\nevent: message\ndata: " +
		`{"cursor":"a-1","event":"message","time":"2026-01-02T03:04:05.006Z","message":{"text":"` + long + `"}}` +
		"\n\n: still here\n\ndata: {\"cursor\":\"a-2\",\"event\":\"node\",\"time\":\"\"}\n\n"}
	var got []client.Event
	var last error
	for e, err := range client.New(node).Events(t.Context(), "a b") {
		if last = err; err == nil {
			got = append(got, e)
		}
	}
	if len(got) != 2 || got[0].Message.Text != long || got[1].Cursor != "a-2" || !got[1].Time.IsZero() {
		t.Errorf("got %d events", len(got))
	}
	if !errors.Is(last, client.ErrUnreachable) {
		t.Errorf("the end is %v", last)
	}
	if since := node.asked.URL.Query().Get("since"); since != "a b" {
		t.Errorf("since %q", since)
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.FixedZone("", 3600))
	for want, in := range map[string]client.Time{
		`"2026-01-02T02:04:05.120Z"`: {Time: at},
		`""`:                         {},
	} {
		text, err := json.Marshal(in)
		if err != nil || string(text) != want {
			t.Errorf("got %s, %v, want %s", text, err, want)
		}
		var back client.Time
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(in.Time) {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
	}
	for _, bad := range []string{`5`, `"`, `"yesterday"`, `null`} {
		if err := new(client.Time).UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
