package link_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

// Strangers take every place for hellos, and take it again whenever it falls
// free, while two contacts chat and lose each other: every message arrives.
func TestFlood(t *testing.T) {
	virtually(t, func(w *world) {
		a, b := w.friends()
		var strangers []*person
		for range 40 {
			h, ip := w.newHost()
			strangers = append(strangers, &person{w: w, host: h, ip: ip})
		}
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)

		ctx, stop := context.WithCancel(context.Background())
		var flood sync.WaitGroup
		for _, s := range strangers {
			if err := s.host.Connect(ctx, a.info()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				flood.Go(func() {
					for ctx.Err() == nil {
						st, err := s.host.NewStream(ctx, a.host.ID(), wire.LinkProtocol)
						if err != nil {
							time.Sleep(50 * time.Millisecond)
							continue
						}
						st.Write([]byte{0, 0, 2}) // a length that never ends
						st.SetReadDeadline(time.Now().Add(10 * time.Second))
						st.Read(make([]byte, 1))
						st.Reset()
						time.Sleep(50 * time.Millisecond)
					}
				})
			}
		}
		settle()
		for round := range 5 {
			for _, p := range []*person{a, b} {
				p.send(map[*person]*person{a: b, b: a}[p], fmt.Sprint(round))
			}
			settle()
			if round == 2 { // they lose each other; b comes back
				for _, s := range b.links.Sessions() {
					s.Conn.Close()
				}
				settle()
				if err := b.dial(a); err != nil {
					t.Errorf("a contact is turned away: %v", err)
				}
			}
		}
		settle()
		for _, p := range []*person{a, b} {
			if out, err := p.chat.Outbox(); err != nil || len(out) > 0 {
				t.Errorf("%d messages wait, %v", len(out), err)
			}
		}
		stop()
		flood.Wait()
		settle()
		for _, s := range strangers {
			s.host.Close()
		}
		settle()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
			t.Errorf("the heap has grown by %d KiB", grown>>10)
		}
		if lines := a.log.lines(); len(lines) > 0 {
			t.Errorf("the log has %d lines: %q", len(lines), lines[0])
		}
	})
}
