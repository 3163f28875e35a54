package api

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/truce-im/truce/node"
)

// Registry returns one with the metrics of Go and of the process. Give it to
// node.Config.Metrics, and register Collector of the node with it.
func Registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Metrics answers GET /metrics with what is in the registry, as text for Prometheus. With
// local it is meant for this machine alone: a Host that is neither an address nor
// localhost is refused, so that no web page reads it by a name of its own.
func Metrics(r *prometheus.Registry, local bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{
		DisableCompression:  true, // costs more than it saves on the way to one who asks every 15 s
		MaxRequestsInFlight: 2,
		Timeout:             metricsTimeout,
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if local && !isHere(r.Host) {
			http.Error(w, "the Host of a request must be an address or localhost", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

const metricsTimeout = 10 * time.Second

// isHere reports whether a Host names a machine other than by a name that others make.
func isHere(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	_, err = netip.ParseAddr(trimBrackets(name))
	return err == nil || name == "localhost"
}

func trimBrackets(s string) string {
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}

// Collector has the metrics of n that METRICS.md lists. A registry takes one of them.
func Collector(n *node.Node) prometheus.Collector { return collector{n} }

// collector asks the node when it is asked.
type collector struct{ node *node.Node }

// Describe implements prometheus.Collector.
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range metrics {
		out <- m.desc()
	}
}

// Collect implements prometheus.Collector. Of a store that cannot be read there is an
// error in the place of numbers.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s, err := c.node.Stats()
	for _, m := range metrics {
		if err != nil {
			out <- prometheus.NewInvalidMetric(m.desc(), err)
			return
		}
		desc := m.desc()
		for _, v := range m.read(&s) {
			out <- prometheus.MustNewConstMetric(desc, m.kind, v.number, v.labels...)
		}
	}
}
