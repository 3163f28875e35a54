package discovery

import (
	"context"
	"log/slog"
	"time"
)

// Pauses before a source that gave up is served again, and before a broken
// watch of the network is opened again.
const (
	minRestart = time.Second
	maxRestart = time.Minute
)

// serve keeps one source running until the Manager closes.
func (m *Manager) serve(s Source) {
	pause := minRestart
	for m.ctx.Err() == nil {
		began := time.Now()
		m.setTrouble(s, nil)
		err := s.Serve(m.ctx, func(c Candidate) { m.offer(s, c) })
		if m.ctx.Err() != nil {
			return
		}
		if time.Since(began) > maxRestart {
			pause = minRestart
		}
		m.setTrouble(s, err)
		m.log.Warn("discovery source stopped", slog.String("source", s.Name()), slog.Any("err", err), slog.Duration("again_in", pause))
		sleep(m.ctx, pause)
		pause = min(2*pause, maxRestart)
	}
}

// watch passes the system's word on that the network may have changed.
func (m *Manager) watch() {
	for m.ctx.Err() == nil {
		err := m.cfg.Network.Watch(m.ctx, func() { signal(m.events) })
		if m.ctx.Err() != nil {
			return
		}
		m.log.Warn("watching the network failed", slog.Any("err", err))
		sleep(m.ctx, maxRestart)
	}
}

// follow compares interfaces after each event and spreads real changes.
func (m *Manager) follow() {
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-m.events:
		}
		sleep(m.ctx, debounce)
		if m.ctx.Err() == nil && m.refreshNetwork() {
			signal(m.changes)
		}
	}
}

// refreshNetwork reads the interfaces and tells the sources if they changed or
// are read for the first time. Failures on the old network say nothing about
// the new one.
func (m *Manager) refreshNetwork() bool {
	now, err := m.cfg.Network.Interfaces()
	if err != nil {
		m.log.Warn("listing interfaces failed", slog.Any("err", err))
		return false
	}
	m.mu.Lock()
	changed := m.ifaces == nil || !sameInterfaces(now, m.ifaces)
	if changed {
		m.ifaces = append([]Interface{}, now...)
		m.failures.clear()
	}
	m.mu.Unlock()
	if changed {
		for _, s := range m.sources {
			s.NetworkChanged(now)
		}
	}
	return changed
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
