package discovery

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// lan is what the host counted on its interface.
func (h *host) lan() LAN {
	list := []LAN{{Interface: Interface{Index: 1, Name: "eth0"}}}
	h.tally.fill(list)
	return list[0]
}

func TestTally(t *testing.T) {
	virtually(t, func(t *testing.T) {
		e := newEther()
		a, b, c := e.host(t, aliceID, "10.0.0.1"), e.host(t, bobID, "10.0.0.2"), e.host(t, "\x00\x04carl", "10.0.0.3")
		pair := keys(1, 1)
		a.SetTargets([]Target{{ID: ID{2}, Hear: pair}}, keys(2, 1))
		a.serve(t)
		time.Sleep(time.Minute) // virtual
		if l := a.lan(); !l.Used || l.Name != "eth0" || l.Sent == 0 || l.Queries+l.Heard+l.Known != 0 || !l.Last.IsZero() {
			t.Errorf("alone: %+v", l)
		}
		b.SetTargets([]Target{{ID: ID{1}, Hear: keys(3, 1)}}, pair)
		b.serve(t)
		a.next(t)
		synctest.Wait()
		if l := a.lan(); l.Queries == 0 || l.Heard == 0 || l.Known != l.Heard || l.Last.IsZero() {
			t.Errorf("with Bob: %+v", l)
		}
		known := a.lan().Known
		c.SetTargets(nil, keys(4, 1))
		c.serve(t)
		time.Sleep(time.Second / 2)
		if l := a.lan(); l.Heard <= l.Known || l.Known != known {
			t.Errorf("with a stranger: %+v", l)
		}
		cut := errors.New("no cable")
		e.mu.Lock()
		a.fail = cut
		e.mu.Unlock()
		time.Sleep(time.Hour)
		if l := a.lan(); l.Failed != cut {
			t.Errorf("without a cable: %+v", l)
		}
		a.NetworkChanged(nil)
		synctest.Wait()
		if l := a.lan(); l.Used {
			t.Errorf("an interface that went away is used: %+v", l)
		}
	})
}

func TestStatusTellsWhyASourceDoesNotServe(t *testing.T) {
	virtually(t, func(t *testing.T) {
		broken := errors.New("the port is taken")
		m := New(Config{Network: noNetwork{}})
		defer m.Close()
		src := newMDNS("", nil, slog.New(slog.DiscardHandler))
		src.open = func() (transport, error) { return nil, broken }
		m.wg.Go(func() { m.serve(src) })
		synctest.Wait()
		if s := m.Status(); s.MDNS || s.Err != broken {
			t.Errorf("%+v", s)
		}
	})
}

// noNetwork is a machine without interfaces.
type noNetwork struct{}

func (noNetwork) Interfaces() ([]Interface, error) { return nil, nil }
func (noNetwork) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}
