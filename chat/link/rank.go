package link

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/truce-im/truce/chat/wire"
)

var (
	errEvicted   = errors.New("somebody newer wants to ask")
	errTooMany   = errors.New("the device holds too many sessions")
	errElsewhere = errors.New("it must come another way")
	errAnew      = errors.New("the device was started anew")
)

// serve registers the session that a hello opened and starts it.
func (m *Manager) serve(stream stream, g greeted) error {
	if m.cfg.Bars != nil && m.cfg.Bars(g.account, stream.Conn()) {
		return errElsewhere
	}
	guest, err := m.isGuest(g.account)
	if err != nil {
		return err
	}
	s := newSession(m, stream, g)
	s.guest.Store(guest)
	m.mu.Lock()
	if err := m.admits(s); err != nil {
		m.mu.Unlock()
		return err
	}
	devices := m.sessions[g.account]
	if devices == nil {
		devices = map[wire.Device][]*session{}
		m.sessions[g.account] = devices
	}
	devices[g.device] = append(devices[g.device], s)
	m.guests.leave(stream.Conn())
	m.wg.Add(1)
	go s.serve()
	m.choose(g.account, g.device)
	m.mu.Unlock()
	m.retire(g.account)

	if err := m.chat.LinkUp(g.account); err != nil {
		m.log.Warn("cannot note that a contact was seen", "error", err)
	}
	if m.cfg.Up != nil {
		m.cfg.Up(g.account)
	}
	m.moveOn(s)
	return nil
}

// retire ends the sessions of devices that are not on the newest list of their
// account any more, and shows it to them: each may be a copy that does not know
// of the other (rule 13).
func (m *Manager) retire(a wire.Account) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sessions[a]) < 2 {
		return
	}
	signed := m.chat.ListOf(a)
	list, err := wire.ParseDeviceList(signed)
	if err != nil {
		return
	}
	for device, sessions := range m.sessions[a] {
		if list.HasLive(device) {
			continue
		}
		for _, s := range sessions {
			if err := s.out.answer(wire.Devices{Type: wire.FrameDevices, List: signed}); err != nil {
				s.kill(err)
			}
			s.end(wire.ByeStop)
		}
	}
}

// isGuest reports whether a is nobody whom I want as a contact.
func (m *Manager) isGuest(a wire.Account) (bool, error) {
	st, _, err := m.chat.StanceFor(a)
	return isNotFound(err) || !st.Want, ignoreNotFound(err)
}

// asker reports whether the session is that of somebody who came to ask.
func (s *session) asker() bool { return s.guest.Load() && !s.who.initiator && s.ctx.Err() == nil }

// admits applies the caps on sessions: of too many askers the one who came
// first has had his time. The caller holds mu.
func (m *Manager) admits(s *session) error {
	if m.closing {
		return ErrClosed
	}
	if len(m.sessions[s.who.account][s.who.device]) >= maxPerDevice {
		return errTooMany
	}
	if !s.asker() {
		return nil
	}
	askers := slices.DeleteFunc(m.all(), func(x *session) bool { return !x.asker() })
	if len(askers) >= maxAskers {
		slices.MinFunc(askers, func(x, y *session) int { return cmp.Compare(x.number, y.number) }).kill(errEvicted)
	}
	return nil
}

// choose picks, of the sessions with one device, the one to push on (rule 20,
// with the number of the device's start before all else: an older start of it
// is gone). Both sides come to the same answer. Those that lose are ended once
// the winner has shown that it is alive. The caller holds mu.
func (m *Manager) choose(a wire.Account, d wire.Device) {
	list := slices.DeleteFunc(slices.Clone(m.sessions[a][d]), (*session).ending)
	if len(list) == 0 {
		return
	}
	best := slices.MaxFunc(list, (*session).compare)
	for _, s := range list {
		if s != best {
			s.setActive(false)
		}
	}
	best.setActive(true)
	newest := slices.MaxFunc(list, func(s, t *session) int { return cmp.Compare(s.number, t.number) })
	sure := best == newest || best.surerThan(newest.number)
	for _, s := range list {
		switch {
		case s == best:
		case s.who.boot < best.who.boot:
			s.kill(errAnew)
		case sure:
			s.end(wire.ByeDuplicate)
		}
	}
}

// rechoose is called by a session that has shown that it is alive.
func (m *Manager) rechoose(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.choose(s.who.account, s.who.device)
}

// compare ranks two sessions with the same device.
func (s *session) compare(t *session) int {
	return cmp.Or(
		cmp.Compare(s.who.boot, t.who.boot),
		-cmpBool(s.relayed, t.relayed),
		cmpBool(s.byLower, t.byLower),
		cmp.Compare(s.number, t.number),
	)
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// remove forgets a session that has ended. Of a device that was started anew nothing is
// left at the other end of the connection either: while it stood, libp2p would punch no
// hole to who comes over a relay now.
func (m *Manager) remove(s *session, cause error) {
	a, d := s.who.account, s.who.device
	m.mu.Lock()
	devices := m.sessions[a]
	devices[d] = slices.DeleteFunc(devices[d], func(x *session) bool { return x == s })
	if len(devices[d]) == 0 {
		delete(devices, d)
	}
	last := len(devices) == 0
	if last {
		delete(m.sessions, a)
	}
	m.choose(a, d)
	m.mu.Unlock()
	switch conn := s.stream.Conn(); {
	case m.linkedOn(conn):
	case errors.Is(cause, errAnew):
		conn.Close()
	default:
		m.guests.add(conn)
	}

	if err := m.chat.LinkDown(a); err != nil {
		m.log.Warn("cannot note that a contact was seen", "error", err)
	}
	if last && m.cfg.Down != nil {
		m.cfg.Down(a, time.Since(s.began))
	}
}
