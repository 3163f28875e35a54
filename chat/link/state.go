package link

import (
	"context"
	"fmt"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// state is what a session knows of the other side. Only run touches it.
type state struct {
	*session
	contact  *Contact
	linked   bool      // chat was told that the device is there
	up       bool      // the courier was told of this session
	proof    uint64    // ping whose answer shows that the peer is alive after proves began; 0: none
	proves   uint64    // a session that contests this one
	heard    time.Time // when the last frame came
	asked    time.Time // when an unanswered ping was sent; zero: none is
	patience time.Duration
	pings    uint64
	pinged   time.Time // when ping number pings went; zero once it was answered

	look    bool            // something of ours may have moved since tell looked
	stance  uint64          // version of my stance that was sent
	stances int             // of theirs that came
	resumed uint64          // of chat, as tell saw it
	vector  bool            // mine was sent
	vectors int             // of theirs that came since they acknowledged something new
	theirs  bool            // theirs came: we may push
	logs    []chat.LogState // mine, as tell saw them
	heads   map[wire.Log]uint64
	sent    map[wire.Log]uint64 // since their vector
	pushed  map[wire.Log]uint64 // in this session
	stuck   map[wire.Log]bool   // busy or forked: not pushed until they speak of it again
	flight  []flight
	flying  [onBulk + 1]int // bytes in flight, by lane
	lanes   map[wire.Log]lane
	rest    map[wire.Log]weighed
	turn    int // index in logs of the last page
	shown   map[wire.Log]uint64
	void    bool                // they showed what I did not write: no more is asked
	wants   map[wire.Log]uint64 // how far a contact claims to have a log of mine, that I ask for
	asks    []*wire.Want        // what a contact wants back of its logs, and was not answered
}

func newState(s *session) *state {
	return &state{
		session: s, contact: newContact(s), heard: time.Now(), patience: deadTimeout, look: true,
		heads: map[wire.Log]uint64{}, sent: map[wire.Log]uint64{}, pushed: map[wire.Log]uint64{},
		stuck: map[wire.Log]bool{}, shown: map[wire.Log]uint64{}, wants: map[wire.Log]uint64{},
		lanes: map[wire.Log]lane{}, rest: map[wire.Log]weighed{},
	}
}

// run is the session: it takes one thing after another until an error, or the
// end, which is also an error.
func (s *state) run() error {
	defer s.uncourteous()
	if err := s.out.answer(s.ping()); err != nil {
		return err
	}
	for {
		if err := s.tell(); err != nil {
			return err
		}
		if err := s.giveBack(); err != nil {
			return err
		}
		if err := s.pushAll(); err != nil {
			return err
		}
		s.courtesy()
		timer := time.NewTimer(s.wait())
		select {
		case f := <-s.in:
			s.heardNow()
			if err := s.handle(f); err != nil {
				timer.Stop()
				return err
			}
		case <-s.poked:
			s.look = true
		case <-s.bulk.moved:
		case <-timer.C:
			if err := s.late(); err != nil {
				return err
			}
		case <-s.ctx.Done():
			timer.Stop()
			return context.Cause(s.ctx)
		}
		timer.Stop()
		if s.bye.Load() != 0 {
			return s.goodbye()
		}
	}
}

// idle is how long a session waits for nothing.
const idle = time.Hour

// wait is how long nothing needs to be done if nothing comes.
func (s *state) wait() time.Duration {
	if s.guest.Load() {
		return min(s.quiet(), time.Until(s.began.Add(askerTime)))
	}
	return s.quiet()
}

func (s *state) quiet() time.Duration {
	switch {
	case !s.asked.IsZero():
		return time.Until(s.heard.Add(s.patience))
	case s.inAir() > 0:
		return time.Until(s.heard.Add(quietTimeout))
	}
	return idle
}

// late is called when the time of wait has passed in silence.
func (s *state) late() error {
	if s.guest.Load() && time.Since(s.began) >= askerTime {
		s.end(wire.ByeStranger) // when there is an answer we go to them
	}
	if s.asked.IsZero() {
		if s.inAir() == 0 || time.Since(s.heard) < quietTimeout {
			return nil
		}
		s.asked = time.Now()
		return s.out.answer(s.ping())
	}
	if s.bulkHeard.Swap(false) {
		s.heardNow()
	}
	if time.Since(s.heard) >= s.patience {
		return errDead
	}
	return nil
}

func (s *state) ping() wire.Ping {
	s.pings++
	s.asked = time.Now()
	s.pinged = s.asked
	s.bulkHeard.Store(false)
	return wire.Ping{Type: wire.FramePing, N: s.pings}
}

// expect asks the peer for a sign of life, unless it was asked: something waits
// for it that is not in a log.
func (s *state) expect() error {
	if !s.asked.IsZero() {
		return nil
	}
	s.heard = time.Now()
	return s.out.answer(s.ping())
}

func (s *state) heardNow() {
	s.heard = time.Now()
	if s.proof == 0 { // else only the answer to that ping will do
		s.asked, s.patience = time.Time{}, deadTimeout
	}
}

// tell looks at what has moved here, and sends what the other side does not
// know of it.
func (s *state) tell() error {
	if !s.look {
		return nil
	}
	s.look = false
	if s.probing.Swap(false) {
		s.heard, s.patience = time.Now(), probeTimeout
		if err := s.out.answer(s.ping()); err != nil {
			return err
		}
		if n := s.contests.Load(); n > s.sure.Load() {
			s.proof, s.proves = s.pings, n
		}
	}
	// In this order: a vector must not overtake the stance that allows it.
	talks, err := s.chat.Talks(s.who.account)
	if err != nil {
		return err
	}
	if err := s.tellStance(); err != nil {
		return err
	}
	was := s.talks.Swap(talks)
	if !talks {
		return nil
	}
	if !was {
		s.m.places.know(s.who.account, s.peer)
	}
	if err := s.tellVector(); err != nil {
		return err
	}
	if err := s.tellRead(); err != nil {
		return err
	}
	s.logs, err = s.chat.OwnLogs(s.who.account)
	return err
}

func (s *state) tellStance() error {
	st, acked, err := s.chat.StanceFor(s.who.account)
	s.guest.Store(err != nil || !st.Want)
	if err != nil || acked || st.Version == s.stance {
		return ignoreNotFound(err)
	}
	s.stance = st.Version
	s.vector = false // they may have dropped one that came before this stance
	if err := s.out.answer(st); err != nil {
		return err
	}
	return s.expect()
}

func (s *state) tellVector() error {
	if n := s.chat.Resumed(); s.resumed != n {
		s.resumed, s.vector = n, false // it tells what was held back, and what waits
	}
	if s.vector {
		return nil
	}
	v, err := s.chat.Vector(s.who.account)
	if err != nil {
		return err
	}
	s.vector = true
	for _, m := range v.Read {
		s.shown[m.Log] = m.Seq
	}
	return s.out.answer(v)
}

func (s *state) tellRead() error {
	marks, err := s.chat.ReadMarks(s.who.account)
	if err != nil {
		return err
	}
	news := wire.Read{Type: wire.FrameRead}
	for _, m := range marks {
		if m.Seq > s.shown[m.Log] {
			s.shown[m.Log] = m.Seq
			news.Marks = append(news.Marks, m)
		}
	}
	if len(news.Marks) == 0 {
		return nil
	}
	return s.out.answer(news)
}

func (s *state) handle(f any) error {
	switch f := f.(type) {
	case *wire.Ping:
		return s.handlePing(f)
	case *wire.Stance:
		return s.handleStance(f)
	case *wire.StanceAck:
		return ignoreNotFound(s.chat.StanceAcked(s.who.account, f.Version))
	case *wire.Bye:
		return s.parted(false)
	case over:
		return s.parted(true)
	case *wire.Devices:
		return s.handleDevices(f)
	}
	if !s.talks.Load() { // by what we saw last: they may have heard of a change before we did
		s.look = true
		if err := s.tell(); err != nil || !s.talks.Load() {
			return err // vectors, logs and marks flow between contacts only (rule 8)
		}
	}
	switch f := f.(type) {
	case *wire.Vector:
		return s.handleVector(f)
	case *wire.Push:
		if f.Log.Account == s.chat.Account() {
			return s.handleOwn(f)
		}
		return s.taker.push(f)
	case *wire.Want:
		return s.handleWant(f)
	case *wire.Gone:
		if f.Log.Account == s.chat.Account() {
			return s.ownGone(f)
		}
		return s.taker.gone(f)
	case *wire.Ack:
		return s.handleAck(f)
	case *wire.PresenceFrame, *wire.Views, *wire.Signal, *wire.AskPicture, *wire.Picture:
		return s.passOn(f)
	case *wire.Read:
		s.ticker.read(f.Marks)
	case *wire.Refused:
		return s.chat.TakeRefused(s.who.account, f)
	case *wire.Busy:
		s.stuck[f.Log] = true
		s.forget(f.Log)
		s.chat.TakeBusy(s.who.account, f.Reason)
	}
	return nil
}

func (s *state) handlePing(f *wire.Ping) error {
	if f.Type == wire.FramePing {
		return s.out.answer(wire.Ping{Type: wire.FramePong, N: f.N})
	}
	if s.proof > 0 && f.N >= s.proof && f.N <= s.pings {
		s.proof, s.asked, s.patience = 0, time.Time{}, deadTimeout
		s.sure.Store(s.proves)
		s.m.rechoose(s.session)
	}
	if f.N == s.pings && !s.pinged.IsZero() {
		s.rtt.Store(int64(time.Since(s.pinged)))
		s.pinged = time.Time{}
	}
	return nil
}

func (s *state) handleStance(f *wire.Stance) error {
	if s.stances++; s.stances > maxStances {
		return fmt.Errorf("%w: it changes its mind without end", chat.ErrProtocol)
	}
	from := networkName(s.stream.Conn().RemoteMultiaddr())
	err := s.chat.TakeStance(s.who.account, s.who.proof, s.who.signed, from, *f)
	if err != nil {
		return err
	}
	s.look = true
	return s.out.answer(wire.StanceAck{Type: wire.FrameStanceAck, Version: f.Version})
}

// handleDevices takes a list of the contact's devices; or of mine, from a
// contact that knows a newer one.
func (s *state) handleDevices(f *wire.Devices) error {
	list, err := wire.ParseDeviceList(f.List)
	if err != nil {
		return err
	}
	switch list.Account {
	case s.chat.Account():
		return s.chat.TakeOwnList(f.List)
	case s.who.account:
		return s.chat.Admit(s.who.proof, list, f.List, s.who.device, s.who.version)
	}
	return fmt.Errorf("%w: it sends the devices of another account", chat.ErrProtocol)
}
