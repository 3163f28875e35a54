package api

import (
	"context"
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

// ServeMetrics answers as Serve does, but holds every client to a time, and all to a
// number of connections.
func ServeMetrics(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, netutil.LimitListener(l, maxScrapers), &http.Server{
		Handler: h, ReadTimeout: headerTimeout, WriteTimeout: scraperPeriod, IdleTimeout: scraperIdle,
	})
}
