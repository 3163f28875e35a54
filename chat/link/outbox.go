package link

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/truce-im/truce/chat/wire"
)

var errFlood = errors.New("the peer asks more than it reads answers")

// outbox is what waits to be sent: answers before pushes (rule 21), and bye
// after all. Nobody waits to put something in. A peer that makes us answer, or
// push again, more than it reads is cut off.
type outbox struct {
	mu      sync.Mutex
	answers [][]byte
	acks    map[wire.Log]wire.Entry   // newest of each log: acknowledgements are cumulative
	busy    map[wire.Log]wire.Busy    // newest of each log
	back    []byte                    // events that the peer wants back; nil: there is place for some
	news    map[wire.FrameType][]byte // newest of each type
	shown   map[wire.ViewTag]bool     // newest of each tag, as wire.ShownView.Needs
	pushes  [][]byte
	size    int           // bytes of pushes
	last    []byte        // the bye, once everything else has gone
	closed  bool          // nothing is put in any more
	ready   chan struct{} // 1 deep: something was put in
}

func newOutbox() *outbox {
	return &outbox{
		acks: map[wire.Log]wire.Entry{}, busy: map[wire.Log]wire.Busy{}, news: map[wire.FrameType][]byte{},
		shown: map[wire.ViewTag]bool{}, ready: make(chan struct{}, 1),
	}
}

func (o *outbox) answer(f any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.answers) >= maxAnswering {
		return errFlood
	}
	o.answers = append(o.answers, wire.AppendFrame(nil, f))
	o.wake()
	return nil
}

func (o *outbox) ack(entries []wire.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range entries {
		if old, ok := o.acks[e.Log]; !ok || old.Head <= e.Head {
			o.acks[e.Log] = e
		}
	}
	o.wake()
}

// newest puts a frame in, in the place of one of its type that waits.
func (o *outbox) newest(t wire.FrameType, f any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.news[t] = wire.AppendFrame(nil, f)
	o.wake()
}

// show puts views in, each in the place of one that waits with its tag: others
// come and go as they like, and we tell of it.
func (o *outbox) show(list []wire.ShownView) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, v := range list {
		o.shown[v.Tag] = v.Needs
	}
	if len(o.shown) > wire.MaxViews {
		return errFlood
	}
	o.wake()
	return nil
}

// hold puts a busy in, in the place of one that waits for the same log.
func (o *outbox) hold(f wire.Busy) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy[f.Log] = f
	o.wake()
}

// giveBack puts in what answers a want. The caller asks idle first.
func (o *outbox) giveBack(f any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.back = wire.AppendFrame(nil, f)
	o.wake()
}

// idle reports whether the last answer to a want has gone.
func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.back == nil
}

// bye puts in the frame that goes when all else has.
func (o *outbox) bye(code wire.ByeCode) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = wire.AppendFrame(nil, wire.Bye{Type: wire.FrameBye, Code: code})
	o.wake()
}

// close has take return io.EOF once everything has gone.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.wake()
}

func (o *outbox) push(f wire.Push) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := wire.AppendFrame(nil, f)
	if o.size += len(b); o.size > maxPushing {
		return errFlood
	}
	o.pushes = append(o.pushes, b)
	o.wake()
	return nil
}

// unpush takes back the pushes that have not gone.
func (o *outbox) unpush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pushes, o.size = nil, 0
}

func (o *outbox) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// take waits for something to send and returns it in one piece: all answers
// and acknowledgements, and one push. After close it ends with io.EOF.
func (o *outbox) take(ctx context.Context) ([]byte, error) {
	for ctx.Err() == nil {
		b, closed := o.takeNow()
		switch {
		case len(b) > 0:
			return b, nil
		case closed:
			return nil, io.EOF
		}
		select {
		case <-o.ready:
		case <-ctx.Done():
		}
	}
	return nil, ctx.Err()
}

func (o *outbox) takeNow() (b []byte, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.answers {
		b = append(b, f...)
	}
	o.answers = nil
	if len(o.acks) > 0 {
		ack := wire.Ack{Type: wire.FrameAck}
		for _, e := range o.acks {
			ack.Entries = append(ack.Entries, e)
		}
		clear(o.acks)
		b = wire.AppendFrame(b, ack)
	}
	for _, f := range o.busy {
		b = wire.AppendFrame(b, f)
	}
	clear(o.busy)
	if len(o.shown) > 0 {
		views := wire.Views{Type: wire.FrameViews}
		for tag, needs := range o.shown {
			views.Shown = append(views.Shown, wire.ShownView{Tag: tag, Needs: needs})
		}
		clear(o.shown)
		b = wire.AppendFrame(b, views)
	}
	for _, f := range o.news {
		b = append(b, f...)
	}
	clear(o.news)
	b = append(b, o.back...)
	o.back = nil
	if len(o.pushes) > 0 {
		b = append(b, o.pushes[0]...)
		o.size -= len(o.pushes[0])
		o.pushes = o.pushes[1:]
	}
	if len(o.pushes) == 0 {
		b = append(b, o.last...)
		o.last = nil
	}
	return b, o.closed
}
