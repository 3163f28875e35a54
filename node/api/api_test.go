package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
	"github.com/truce-im/truce/node/api/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a node without a network.
func open(t *testing.T, name string) *node.Node {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{Home: t.TempDir(), Name: name, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// pair returns the API of Ann, who has asked Bob.
func pair(t *testing.T) (http.Handler, *client.Client) {
	t.Helper()
	link, err := open(t, "Bob").Chat().Link(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := api.New(open(t, "Ann"), api.Options{})
	c := client.New(api.Local(h))
	if _, err := c.Add(t.Context(), client.AddRequest{Link: link.String()}); err != nil {
		t.Fatal(err)
	}
	return h, c
}

// request is a good one that changes something, until change has had it.
func request(change func(*http.Request), body string) *http.Request {
	r := httptest.NewRequest("POST", "http://truce/v1/contacts/Bob/messages", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	change(r)
	return r
}

const hello = `{"text":"hello","reply_to":"","key":""}`

func TestGuard(t *testing.T) {
	h, c := pair(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"good":            {func(*http.Request) {}, 200},
		"charset":         {header("Content-Type", "application/json; charset=utf-8"), 200},
		"form":            {header("Content-Type", "application/x-www-form-urlencoded"), 403},
		"plain text":      {header("Content-Type", "text/plain"), 403},
		"no type":         {func(r *http.Request) { r.Header.Del("Content-Type") }, 403},
		"host localhost":  {func(r *http.Request) { r.Host = "localhost" }, 403},
		"host with port":  {func(r *http.Request) { r.Host = "truce:80" }, 403},
		"host of a page":  {func(r *http.Request) { r.Host = "truce.example.com" }, 403},
		"origin":          {header("Origin", "https://example.com"), 403},
		"origin null":     {header("Origin", "null"), 403},
		"origin our own":  {header("Origin", "http://truce"), 403},
		"cross-site":      {header("Sec-Fetch-Site", "cross-site"), 403},
		"referer":         {header("Referer", "https://example.com/"), 403},
		"wrong method":    {func(r *http.Request) { r.Method = "PUT" }, 404},
		"unknown route":   {func(r *http.Request) { r.URL.Path = "/v1/nonsense" }, 404},
		"nobody":          {func(r *http.Request) { r.URL.Path = "/v1/contacts/Eve/messages" }, 404},
		"get with origin": {func(r *http.Request) { r.Method = "GET"; r.Header.Set("Origin", "null") }, 403},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := c.Outbox(t.Context())
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(test.change, hello))
			if w.Code != test.want {
				t.Errorf("status %d, want %d: %s", w.Code, test.want, w.Body)
			}
			for name := range w.Header() {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("the answer has %s", name)
				}
			}
			after, _ := c.Outbox(t.Context())
			if sent := len(after) > len(before); sent != (test.want == 200) {
				t.Errorf("sent: %v", sent)
			}
		})
	}
}

func TestStrictJSON(t *testing.T) {
	h, c := pair(t)
	for name, body := range map[string]string{
		"empty":         ``,
		"no object":     `"hello"`,
		"cut off":       `{"text":"hello"`,
		"unknown field": `{"text":"hello","colour":"red"}`,
		"second value":  `{"text":"hello"} {}`,
		"rubbish after": `{"text":"hello"} x`,
		"wrong type":    `{"text":5}`,
		"too large":     `{"text":"` + strings.Repeat("x", api.MaxBody) + `"}`,
		"empty text":    `{"text":""}`,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(func(*http.Request) {}, body))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"code":"usage"`) {
			t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
		}
	}
	if list, err := c.Outbox(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("something was sent: %v, %v", list, err)
	}
}

func TestErrors(t *testing.T) {
	_, c := pair(t)
	ctx := t.Context()
	m, err := c.Send(ctx, "Bob", client.SendRequest{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.ID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		err  error
		code string
	}{
		"unknown name":    {second(c.Contact(ctx, "Eve")), client.CodeNotFound},
		"a name of dots":  {second(c.Contact(ctx, "..")), client.CodeNotFound},
		"slashes":         {second(c.Contact(ctx, "a/b?c")), client.CodeNotFound},
		"room":            {second(c.Contact(ctx, "#room")), client.CodeNotFound},
		"unknown message": {second(c.Message(ctx, "000000")), client.CodeNotFound},
		"bad id":          {second(c.Message(ctx, "xyz")), client.CodeUsage},
		"own link":        {second(c.Add(ctx, client.AddRequest{Link: id.Link})), client.CodeUsage},
		"bad link":        {second(c.Add(ctx, client.AddRequest{Link: "truce:x"})), client.CodeUsage},
		"too long":        {second(c.Send(ctx, "Bob", client.SendRequest{Text: strings.Repeat("x", 64<<10+1)})), client.CodeRefused},
		"history n":       {second(c.History(ctx, "Bob", client.HistoryRequest{N: -1})), client.CodeUsage},
		"history before":  {second(c.History(ctx, "Bob", client.HistoryRequest{Before: "000000"})), client.CodeNotFound},
		"no stop":         {c.Stop(ctx), client.CodeRefused},
		"no hand-over":    {c.HandOver(ctx), client.CodeRefused},
		"unknown setting": {second(c.Setting(ctx, "colour")), client.CodeNotFound},
		"bad setting":     {second(c.SetSetting(ctx, "read_receipts", "5")), client.CodeUsage},
		"no number":       {second(c.Verify(ctx, "Bob", "")), client.CodeUsage},
		"wrong number":    {second(c.Verify(ctx, "Bob", strings.Repeat("0", 60))), client.CodeRefused},
		"nobody asks":     {second(c.Accept(ctx, "Bob", "")), client.CodeNotFound},
	} {
		var e *client.Error
		if !errors.As(test.err, &e) || e.Code != test.code || e.Message == "" {
			t.Errorf("%s: %v (%+v), want code %s", name, test.err, e, test.code)
		}
	}
	if got, err := c.Wait(ctx, m.ID, 10*time.Millisecond); err != nil || got.State != "queued" {
		t.Errorf("a wait that runs out of time: %+v, %v", got, err)
	}
	if got, err := c.WaitContact(ctx, "Bob", 10*time.Millisecond); err != nil || got.State != "asked" {
		t.Errorf("a wait that runs out of time: %+v, %v", got, err)
	}
}

func second[T any](_ T, err error) error { return err }

// The lists of empty things are [] and {}, never null.
func TestNothingIsNull(t *testing.T) {
	h, c := pair(t)
	if _, err := c.Send(t.Context(), "Bob", client.SendRequest{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/v1/id", "/v1/link", "/v1/contacts", "/v1/requests", "/v1/outbox", "/v1/peers", "/v1/settings",
		"/v1/version", "/v1/contacts/Bob", "/v1/contacts/Bob/messages", "/v1/contacts/Bob/safety",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", "http://truce"+path, nil))
		if w.Code != 200 || strings.Contains(w.Body.String(), "null") {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
}

func TestKeysMakeWritesSafeToRepeat(t *testing.T) {
	_, c := pair(t)
	ctx := t.Context()
	in := client.SendRequest{Text: "once", Key: "k"}
	first, err := c.Send(ctx, "Bob", in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Send(ctx, "Bob", in)
	if err != nil || again.ID != first.ID {
		t.Errorf("the second time: %v, %v", again, err)
	}
	if list, _ := c.Outbox(ctx); len(list) != 1 {
		t.Errorf("%d messages were sent", len(list))
	}
}
