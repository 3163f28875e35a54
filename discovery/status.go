package discovery

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Status tells how discovery on the local network fares, for people who ask why
// nobody is found.
type Status struct {
	MDNS bool  // it is wanted
	Err  error // why it does not work for the moment; nil: it does
	LANs []LAN // one for each interface of the machine, by index
}

// LAN is one interface, and what mDNS made of it since it is used. Only packets
// of this service count.
type LAN struct {
	Interface
	Used    bool      // mDNS speaks and listens there
	Sent    uint64    // packets that left
	Failed  error     // why the last packet did not leave; nil: it did
	Queries uint64    // of others
	Heard   uint64    // announcements of others
	Known   uint64    // those of them made for us, who hold a key
	Last    time.Time // when something of others was heard; zero: never
}

// Status returns how things are now. It is safe for concurrent use.
func (m *Manager) Status() Status {
	m.mu.Lock()
	out := Status{MDNS: m.cfg.MDNS, Err: m.trouble[SourceMDNS]}
	for _, i := range m.ifaces {
		out.LANs = append(out.LANs, LAN{Interface: i})
	}
	m.mu.Unlock()
	if m.lan != nil {
		m.lan.tally.fill(out.LANs)
	}
	return out
}

// Interfaces lists those of this machine, as a Manager would see them.
func Interfaces() ([]Interface, error) { return machine{}.Interfaces() }

// Up reports whether packets can pass.
func (i Interface) Up() bool { return i.up() }

// Loopback reports whether i leads to this machine alone.
func (i Interface) Loopback() bool { return i.loopback() }

// setTrouble notes why a source does not serve; nil: it does.
func (m *Manager) setTrouble(s Source, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trouble == nil {
		m.trouble = map[string]error{}
	}
	m.trouble[s.Name()] = err
}

// tally counts what the mDNS station does on the interfaces that it uses. The
// zero value counts nothing yet.
type tally struct {
	mu sync.Mutex
	on map[int]*LAN
}

// use keeps the counts of these interfaces, and of no others.
func (t *tally) use(list []Interface) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.on == nil {
		t.on = map[int]*LAN{}
	}
	maps.DeleteFunc(t.on, func(index int, _ *LAN) bool {
		return !slices.ContainsFunc(list, func(i Interface) bool { return i.Index == index })
	})
	for _, i := range list {
		if t.on[i.Index] == nil {
			t.on[i.Index] = &LAN{}
		}
	}
}

// count changes the counts of an interface that is used.
func (t *tally) count(index int, change func(*LAN)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.on[index]; l != nil {
		change(l)
	}
}

// heard counts something of others on an interface.
func (t *tally) heard(index int, now time.Time, change func(*LAN)) {
	t.count(index, func(l *LAN) {
		l.Last = now
		change(l)
	})
}

func (t *tally) sent(index int, err error) {
	t.count(index, func(l *LAN) {
		if l.Failed = err; err == nil {
			l.Sent++
		}
	})
}

// fill adds the counts to a list of interfaces.
func (t *tally) fill(list []LAN) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range list {
		if l := t.on[list[i].Index]; l != nil {
			of := list[i].Interface
			list[i] = *l
			list[i].Interface, list[i].Used = of, true
		}
	}
}
