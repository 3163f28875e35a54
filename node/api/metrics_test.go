package api_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api"
)

// METRICS.md has a row for each metric, in order, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^(\\| `truce_[^|]*\\|[^|]*\\|[^|]*\\|) \\S.* \\|$").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, strings.ReplaceAll(m[1], "|  |", "| |"))
	}
	want := api.MetricRows()
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "|  |", "| |")
	}
	if !slices.Equal(rows, want) {
		t.Errorf("METRICS.md has\n%s\nbut there are\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// measured opens a node with metrics, on loopback.
func measured(t *testing.T, name string) (*node.Node, http.Handler) {
	t.Helper()
	r := api.Registry()
	n, err := node.Open(t.Context(), node.Config{
		Home: t.TempDir(), Name: name, NoMDNS: true, Metrics: r,
		Listen: []string{"/ip4/127.0.0.1/tcp/0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	r.MustRegister(api.Collector(n))
	return n, api.Metrics(r, true)
}

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1:9464/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// samples are the lines of a scrape that have values, by name and labels.
func samples(text string) map[string]string {
	out := map[string]string{}
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		if i := strings.LastIndex(s.Text(), " "); i > 0 && s.Text()[0] != '#' {
			out[s.Text()[:i]] = s.Text()[i+1:]
		}
	}
	return out
}

// Two nodes of one process talk: each counts its own, and nothing tells who they are.
func TestMetrics(t *testing.T) {
	a, ha := measured(t, "Annabelle")
	b, hb := measured(t, "Benedict")
	link, err := b.Link()
	if err != nil {
		t.Fatal(err)
	}
	until := func(n *node.Node, what string, ok func() bool) {
		t.Helper()
		since := n.Chat().Cursor()
		if ok() {
			return
		}
		for _, err := range n.Chat().Watch(t.Context(), since) {
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if ok() {
				return
			}
		}
	}
	relation := func(n *node.Node, other *node.Node) chat.Relation {
		c, _ := n.Chat().Contact(other.Chat().Account())
		return c.Relation
	}
	if _, _, err := a.Chat().Ask(link, chat.AskOptions{}); err != nil {
		t.Fatal(err)
	}
	until(b, "the request comes", func() bool { return relation(b, a) == chat.Requested })
	if got := samples(scrape(t, hb)); got["truce_requests"] != "1" || got["truce_contacts"] != "0" {
		t.Errorf("asked, Ben has %s requests, %s contacts", got["truce_requests"], got["truce_contacts"])
	}
	if _, _, err := b.Chat().Accept(a.Chat().Account(), ""); err != nil {
		t.Fatal(err)
	}
	until(a, "they are contacts", func() bool { return relation(a, b) == chat.Accepted })
	m, err := a.Chat().Send(b.Chat().Account(), "meet me at the well", chat.SendOptions{Key: "once"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Chat().Send(b.Chat().Account(), "meet me at the well", chat.SendOptions{Key: "once"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Chat().WaitDelivered(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}

	tick := time.NewTicker(10 * time.Millisecond) // it is counted once it is on disk, and nothing tells of that
	defer tick.Stop()
	for begin := time.Now(); samples(scrape(t, ha))["truce_delivered_total"] == "0" && time.Since(begin) < time.Minute; {
		<-tick.C
	}
	ann, ben := scrape(t, ha), scrape(t, hb)
	for name, want := range map[string]string{
		"truce_online": "1", "truce_contacts": "1", "truce_requests": "0", "truce_reachable": "0",
		`truce_sessions{path="relay"}`: "0",
		"truce_messages_sent_total":    "1", "truce_messages_received_total": "0",
		"truce_dht_peers": "0", "truce_relays": "0",
	} {
		if got := samples(ann)[name]; got != want {
			t.Errorf("Ann's %s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"truce_messages_sent_total": "0", "truce_messages_received_total": "1"} {
		if got := samples(ben)[name]; got != want {
			t.Errorf("Ben's %s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{`truce_sessions{path="direct"}`, "truce_delivered_total", "truce_store_commits_total", "truce_store_bytes", "truce_disk_free_bytes", "go_goroutines"} {
		if got := samples(ann)[name]; got == "" || got == "0" {
			t.Errorf("Ann's %s is %q", name, got)
		}
	}
	if _, ok := samples(ann)[`truce_dials_total{outcome="linked"}`]; !ok {
		t.Error("dials are not counted")
	}
	served := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (truce_\w+) (\w+)$`).FindAllStringSubmatch(ann, -1) {
		served["| `"+m[1]+"` | "+m[2]] = true
	}
	for _, row := range api.MetricRows() {
		cells := strings.SplitAfterN(row, " | ", 3)
		want := strings.TrimSuffix(cells[0]+cells[1], " | ")
		if dht := strings.Contains(row, "_dht_last_"); served[want] == dht { // there was nothing yet
			t.Errorf("%s: served is %v", want, served[want])
		}
		delete(served, want)
	}
	if len(served) > 0 {
		t.Errorf("served, but in no row: %v", served)
	}
	if !strings.Contains(ann, "\nlibp2p_") {
		t.Error("there are no metrics of libp2p")
	}
	for _, secret := range []string{
		"Annabelle", "Benedict", "well", "127.0.0.1", a.PeerID(), b.PeerID(),
		a.Chat().Account().String(), b.Chat().Account().String(),
	} {
		if strings.Contains(ann+ben, secret) {
			t.Errorf("the metrics have %q", secret)
		}
	}
}

func TestMetricsGuard(t *testing.T) {
	r := api.Registry()
	here, anywhere := api.Metrics(r, true), api.Metrics(r, false)
	for _, test := range []struct {
		method, path, host string
		here, anywhere     int
	}{
		{"GET", "/metrics", "127.0.0.1:9464", 200, 200},
		{"GET", "/metrics", "[::1]:9464", 200, 200},
		{"GET", "/metrics", "[::1]", 200, 200},
		{"GET", "/metrics", "localhost:9464", 200, 200},
		{"GET", "/metrics", "localhost", 200, 200},
		{"GET", "/metrics", "evil.example:9464", 403, 200},
		{"GET", "/metrics", "localhost.evil.example", 403, 200},
		{"GET", "/metrics", "", 403, 200},
		{"POST", "/metrics", "localhost", 405, 405},
		{"GET", "/", "localhost", 404, 404},
		{"GET", "/v1/contacts", "localhost", 404, 404},
	} {
		for h, want := range map[*http.Handler]int{&here: test.here, &anywhere: test.anywhere} {
			r := httptest.NewRequest(test.method, "http://127.0.0.1"+test.path, nil)
			r.Host = test.host
			w := httptest.NewRecorder()
			(*h).ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s %s of %q: %d, want %d", test.method, test.path, test.host, w.Code, want)
			}
			for name := range w.Header() {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("the answer has %s", name)
				}
			}
		}
	}
}

// One who connects and says nothing keeps nobody out, and all end with the context.
func TestServeMetrics(t *testing.T) {
	r := api.Registry()
	r.MustRegister(api.Collector(open(t, "Ann")))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- api.ServeMetrics(ctx, l, api.Metrics(r, true)) }()
	mute, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := c.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if b, err := io.ReadAll(got.Body); err != nil || !strings.Contains(string(b), "truce_online 0\n") {
		t.Errorf("%v: %s", err, b)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
