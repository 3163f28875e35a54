package presence_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// What a node costs follows from its contacts, not from how many others there
// are. TRUCE_CROWD sets the sizes, such as "200 1000", and TRUCE_CONTACTS how many
// contacts each has.
func TestCrowd(t *testing.T) {
	sizes, contacts := numbers(os.Getenv("TRUCE_CROWD"), 12, 36), numbers(os.Getenv("TRUCE_CONTACTS"), 4)[0]
	var packets []float64
	for _, n := range sizes {
		virtually(t, func(w *world) {
			packets = append(packets, w.crowd(n, contacts))
		})
	}
	for _, p := range packets {
		if p > packets[0]*1.2 {
			t.Errorf("packets of a node a minute: %.1f, by sizes %v", packets, sizes)
		}
	}
}

func numbers(text string, otherwise ...int) (list []int) {
	for _, f := range strings.Fields(text) {
		if n, err := strconv.Atoi(f); err == nil {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return otherwise
	}
	return list
}

// crowd makes so many people, each with so many contacts, one of twenty of which
// has no link; it returns how many packets a node sends in a minute while nothing
// happens.
func (w *world) crowd(n, contacts int) float64 {
	people := make([]*person, n)
	for i := range people {
		people[i] = w.person()
	}
	pairs := 0
	var parted [][2]*person
	for i, p := range people {
		for d := 1; d <= contacts/2; d++ {
			q := people[(i+d)%n]
			befriend(p, q)
			if pairs++; pairs%20 == 0 {
				parted = append(parted, [2]*person{p, q})
			}
		}
	}
	for _, p := range parted {
		w.part(p[0], p[1])
	}
	time.Sleep(5 * time.Minute)
	for _, p := range parted {
		if got := p[0].sees(p[1]).State; got != wire.PresenceAvailable {
			w.Errorf("past a missing link somebody is %d", got)
		}
	}
	const minutes = 10
	packets, bytes := w.net.Traffic()
	began := cpuTime()
	time.Sleep(minutes * time.Minute)
	spent := cpuTime() - began
	p, b := w.net.Traffic()
	perNode := float64(p-packets) / float64(n) / minutes
	changed := time.Now()
	if err := people[0].chat.SetStatus(chat.Status{Mood: chat.MoodBusy}); err != nil {
		w.Fatal(err)
	}
	var last time.Duration
	for d := 1; d <= contacts/2; d++ {
		for people[d].sees(people[0]).State != wire.PresenceBusy && time.Since(changed) < time.Minute {
			time.Sleep(time.Millisecond)
		}
		last = max(last, time.Since(changed))
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	w.Logf("%d nodes with %d contacts: of a node a minute %.1f packets, %.1f kB, %v of CPU; a change is seen by the last after %v; heap %d MiB",
		n, contacts, perNode, float64(b-bytes)/float64(n)/minutes/1000, (spent / time.Duration(n) / minutes).Round(time.Microsecond), last, mem.HeapAlloc>>20)
	if last > time.Second {
		w.Errorf("a change takes %v", last)
	}
	return perNode
}
