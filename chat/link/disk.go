package link

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func isNotFound(err error) bool { return errors.Is(err, chat.ErrNotFound) }

func ignoreNotFound(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// taker commits what the peer pushes: all that has come since the last commit
// in one go, then one acknowledgement for it.
type taker struct {
	s     *session
	ready chan struct{}
	room  chan struct{} // 1 deep: what waited is being committed
	told  bool          // the log names the contact as over its quota

	committing sync.Mutex // held during a commit, and guards told

	mu     sync.Mutex
	pushes []*wire.Push
	gones  []*wire.Gone
	size   int
}

func newTaker(s *session) *taker {
	return &taker{s: s, ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

func (t *taker) push(p *wire.Push) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.add(p)
}

// pushBulk is push for the one reader of the bulk stream, which waits while
// there is enough for a commit that holds nobody up.
func (t *taker) pushBulk(ctx context.Context, p *wire.Push) error {
	for {
		t.mu.Lock()
		if t.size < bulkTaking {
			defer t.mu.Unlock()
			return t.add(p)
		}
		t.mu.Unlock()
		select {
		case <-t.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// add takes a push. The caller holds mu.
func (t *taker) add(p *wire.Push) error {
	for i := range p.Events {
		t.size += chat.EventSize(&p.Events[i])
	}
	t.pushes = append(t.pushes, p)
	return t.wake()
}

func (t *taker) gone(g *wire.Gone) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gones = append(t.gones, g)
	t.size += 256
	return t.wake()
}

func (t *taker) wake() error {
	if t.size > maxTaking {
		return fmt.Errorf("%w: it pushes beyond the window", chat.ErrProtocol)
	}
	select {
	case t.ready <- struct{}{}:
	default:
	}
	return nil
}

func (t *taker) run() error {
	var again <-chan time.Time // set while there was no room for something
	for {
		select {
		case <-t.ready:
			busy, err := t.commit()
			if err != nil {
				return err
			}
			if busy && again == nil {
				again = time.After(roomInterval)
			}
		case <-again:
			again = nil
			ok, err := t.s.chat.RoomFor(t.s.who.account)
			if err != nil {
				return err
			}
			if !ok {
				again = time.After(roomInterval)
				continue
			}
			// A vector tells the peer where to go on.
			if err := t.sendVector(); err != nil {
				return err
			}
		case <-t.s.ctx.Done():
			return context.Cause(t.s.ctx)
		}
	}
}

// commit puts all on disk that has come, and acknowledges it. What was under
// way when it was called is done when it returns.
func (t *taker) commit() (busy bool, err error) {
	t.committing.Lock()
	defer t.committing.Unlock()
	t.mu.Lock()
	pushes, gones := t.pushes, t.gones
	t.pushes, t.gones, t.size = nil, nil, 0
	t.mu.Unlock()
	select {
	case t.room <- struct{}{}:
	default:
	}

	a := t.s.who.account
	if len(pushes) > 0 {
		taken, err := t.s.chat.TakePushes(a, pushes)
		if err != nil {
			return false, err
		}
		if t.s.chat.Hides() {
			taken.Acks, taken.Busy = nil, nil
		}
		t.s.out.ack(taken.Acks)
		for _, b := range taken.Busy {
			busy = busy || b.Reason != wire.ReasonRule // which ends with a move
			t.tell(b.Reason)
			t.s.out.hold(b)
		}
		if taken.Gap {
			if err := t.sendVector(); err != nil {
				return false, err
			}
		}
	}
	for _, g := range gones {
		ack, err := t.s.chat.TakeGone(a, g)
		if err != nil {
			return false, err
		}
		if !t.s.chat.Hides() {
			t.s.out.ack([]wire.Entry{ack})
		}
	}
	return busy, nil
}

// tell names a contact that is over its quota, once.
func (t *taker) tell(why wire.Reason) {
	if why == wire.ReasonQuota && !t.told {
		t.told = true
		t.s.m.log.Warn("a contact sends more than its quota", "peer", t.s.peer)
	}
}

func (t *taker) sendVector() error {
	v, err := t.s.chat.Vector(t.s.who.account)
	if err != nil {
		return err
	}
	return t.s.out.answer(v)
}

// ticker commits what the peer acknowledged and read; the newest counts.
type ticker struct {
	s     *session
	ready chan struct{}

	committing sync.Mutex // held during a commit

	mu    sync.Mutex
	heads map[wire.Log]uint64
	marks map[wire.Log]uint64
}

func newTicker(s *session) *ticker {
	return &ticker{
		s: s, ready: make(chan struct{}, 1),
		heads: map[wire.Log]uint64{}, marks: map[wire.Log]uint64{},
	}
}

func (t *ticker) acked(heads map[wire.Log]uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(t.heads, heads)
	t.wake()
}

// read takes marks for logs that are mine, of which there are few; the peer
// cannot make it keep others.
func (t *ticker) read(marks []wire.Mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range marks {
		if m.Log.Account == t.s.chat.Account() && (len(t.marks) < wire.MaxEntries || t.marks[m.Log] > 0) {
			t.marks[m.Log] = max(t.marks[m.Log], m.Seq)
		}
	}
	t.wake()
}

func (t *ticker) wake() {
	select {
	case t.ready <- struct{}{}:
	default:
	}
}

func (t *ticker) run() error {
	for {
		select {
		case <-t.ready:
		case <-t.s.ctx.Done():
			return context.Cause(t.s.ctx)
		}
		if err := t.commit(); err != nil {
			return err
		}
	}
}

// commit puts all on disk that has come. What was under way when it was called
// is done when it returns.
func (t *ticker) commit() error {
	t.committing.Lock()
	defer t.committing.Unlock()
	t.mu.Lock()
	heads, marks := t.heads, t.marks
	t.heads, t.marks = map[wire.Log]uint64{}, map[wire.Log]uint64{}
	t.mu.Unlock()
	if len(heads) > 0 {
		if err := t.s.chat.Acked(t.s.who.account, heads); err != nil {
			return err
		}
	}
	var list []wire.Mark
	for l, seq := range marks {
		list = append(list, wire.Mark{Log: l, Seq: seq})
	}
	return t.s.chat.TakeRead(t.s.who.account, list)
}
