package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of the server of metrics, which others on the network may reach if its owner
// says so.
const (
	maxScrapers   = 16 // connections: a few who ask, and a few that have died
	scraperIdle   = 2 * time.Minute
	scraperPeriod = metricsTimeout + headerTimeout // for one whole answer
)

// MetricsAddr completes the address to serve metrics at, [HOST]:PORT or PORT: without
// HOST it is this machine's own, which local tells of any.
func MetricsAddr(text string) (addr string, local bool, err error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port, err = net.SplitHostPort(":" + text) // the port alone
	}
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return "", false, fmt.Errorf("%q is no address to serve at, which looks like 127.0.0.1:9464 or :9464", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	return net.JoinHostPort(host, port), host == "localhost" || ip != nil && ip.IsLoopback(), nil
}

// ServeMetrics answers as Serve does, but holds every client to a time, and all to a
// number of connections.
func ServeMetrics(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, netutil.LimitListener(l, maxScrapers), &http.Server{
		Handler: h, ReadTimeout: headerTimeout, WriteTimeout: scraperPeriod, IdleTimeout: scraperIdle,
	})
}
