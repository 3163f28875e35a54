package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func TestCompact(t *testing.T) {
	n := open(t, "Ann")
	h := api.New(n, api.Options{})
	overSocket, _ := serve(t, n.Home(), h)
	for _, c := range []*client.Client{overSocket, client.New(api.Local(h))} {
		steps := 0
		out, err := c.Compact(t.Context(), func(done, total uint64) {
			if steps++; done > total {
				t.Errorf("%d of %d are done", done, total)
			}
		})
		if err != nil || out.Before <= 0 || out.After <= 0 || steps == 0 {
			t.Errorf("%+v, %v, after %d steps", out, err, steps)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := overSocket.Compact(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	n.Close()
	var e *client.Error
	if _, err := overSocket.Compact(t.Context(), nil); !errors.As(err, &e) || e.Message == "" {
		t.Errorf("of a closed node: %v", err)
	}
}

// What the node says on the way is told, and an answer that breaks off is no
// success.
func TestCompactAnswers(t *testing.T) {
	for body, want := range map[string]string{
		`{"done":1,"total":2}` + "\n" + `{"error":{"code":"failed","message":"the disk is full","hint":""}}`: "the disk is full",
		`{"done":1,"total":2}`: client.ErrUnreachable.Error(),
		`{"done":1,"tot`:       client.ErrUnreachable.Error(),
		"":                     client.ErrUnreachable.Error(),
	} {
		c := client.New(answers(body))
		if _, err := c.Compact(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

type answers string

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}
