package discovery

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// mdns is the Source of the local network. Its methods leave notes for Serve,
// whose station owns all other state.
type mdns struct {
	self  peer.ID
	ports func() (tcp, udp int)
	log   *slog.Logger
	open  func() (transport, error)
	tally tally

	beacons beacons

	noted chan struct{} // notes changed; buffer 1
	mu    sync.Mutex
	notes notes
}

// notes is what Serve has to know, and which of it is news to it.
type notes struct {
	targets    []Target
	tell       []Key
	ifaces     []Interface
	beacon     []byte
	newTargets bool
	newIfaces  bool
	newBeacon  bool
	seeks      map[ID]struct{}
}

// transport carries packets of the mDNS groups.
type transport interface {
	// join makes exactly these interfaces ours to hear and send on.
	join(ifaces []Interface)
	// send multicasts a packet on one interface. It fails if no copy left.
	send(on Interface, b []byte) error
	// heard delivers packets; when nobody reads they are dropped.
	heard() <-chan heardPacket
	// broken delivers the error after which nothing is heard any more.
	broken() <-chan error
	// close stops the transport and waits for it.
	close()
}

// heardPacket is a packet as it came.
type heardPacket struct {
	data  []byte
	iface int // index; 0: unknown
	from  [16]byte
}

func newMDNS(self peer.ID, ports func() (tcp, udp int), log *slog.Logger) *mdns {
	m := &mdns{self: self, ports: ports, log: log, noted: make(chan struct{}, 1)}
	m.open = func() (transport, error) { return openSockets(log) }
	m.notes.seeks = map[ID]struct{}{}
	return m
}

// Name implements Source.
func (m *mdns) Name() string { return SourceMDNS }

// Public implements Source: only holders of a target's key are listened to.
func (m *mdns) Public() bool { return false }

// SetTargets implements Source.
func (m *mdns) SetTargets(targets []Target, tell []Key) {
	m.note(func(n *notes) { n.targets, n.tell, n.newTargets = targets, tell, true })
}

// Seek implements Source.
func (m *mdns) Seek(id ID) {
	m.note(func(n *notes) { n.seeks[id] = struct{}{} })
}

// NetworkChanged implements Source.
func (m *mdns) NetworkChanged(ifaces []Interface) {
	m.note(func(n *notes) { n.ifaces, n.newIfaces = ifaces, true })
}

func (m *mdns) note(change func(*notes)) {
	m.mu.Lock()
	change(&m.notes)
	m.mu.Unlock()
	signal(m.noted)
}

// take returns the notes and marks them read. The Manager names only known
// targets to Seek, so seeks are bounded.
func (m *mdns) take() notes {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.notes
	m.notes.newTargets, m.notes.newIfaces, m.notes.newBeacon, m.notes.seeks = false, false, false, map[ID]struct{}{}
	return n
}

// Serve implements Source.
func (m *mdns) Serve(ctx context.Context, offer func(Candidate)) error {
	t, err := m.open()
	if err != nil {
		return err
	}
	defer t.close()
	s := newStation(m, t, offer)
	n := m.take()
	n.newTargets, n.newIfaces, n.newBeacon = true, true, true
	s.read(n, time.Now())
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			s.goodbye()
			return nil
		case err := <-t.broken():
			return err
		case <-m.noted:
			s.read(m.take(), time.Now())
		case p := <-t.heard():
			s.hear(p, time.Now())
		case <-timer.C:
		}
		timer.Reset(time.Until(s.act(time.Now())))
	}
}
