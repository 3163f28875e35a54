package cli

import (
	"context"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/truce-im/truce/cmd/internal/config"
	"github.com/truce-im/truce/node/api"
)

// scrapes serves the metrics of a node at one address after another. One goroutine at a
// time uses it.
type scrapes struct {
	app      *app
	registry *prometheus.Registry

	at   string // empty: nowhere
	stop func() error
}

// serve moves to the address; empty: to nowhere. If it cannot, it stays.
func (m *scrapes) serve(at string) error {
	if at == m.at {
		return nil
	}
	before := m.at
	if err := m.end(); err != nil || at == "" {
		return err
	}
	err := m.begin(at)
	if err != nil && before != "" {
		m.begin(before)
	}
	return err
}

func (m *scrapes) end() error {
	if m.at == "" {
		return nil
	}
	m.at = ""
	return m.stop()
}

func (m *scrapes) begin(at string) error {
	addr, local, err := config.MetricsAddr(at)
	if err != nil {
		return usagef("metrics: %v", err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		e := failedf("metrics cannot be served at %s: %v", addr, err)
		e.Hint = "name another address by --metrics, or in config.toml"
		return e
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- api.ServeMetrics(ctx, l, api.Metrics(m.registry, local)) }()
	m.at, m.stop = at, func() error {
		cancel()
		return <-served
	}
	warning := ""
	if !local {
		warning = ": anybody who reaches that address can read them"
	}
	m.app.note("metrics are at http://%s/metrics%s", l.Addr(), warning)
	return nil
}
