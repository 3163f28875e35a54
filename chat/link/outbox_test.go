package link

import (
	"bytes"
	"testing"

	"github.com/truce-im/truce/chat/wire"
)

// A session whose peer reads slowly does not end because others come and go: what
// waits says of each once how it is.
func TestComingsDoNotFlood(t *testing.T) {
	s := &session{out: newOutbox(), cancel: func(err error) { t.Fatal(err) }}
	c := &Contact{s: s}
	for i := range 100 * maxAnswering {
		c.Send(wire.Views{Type: wire.FrameViews, Shown: []wire.ShownView{{Tag: wire.ViewTag{byte(i % 3)}, Needs: i%2 == 0}}})
	}
	b, _ := s.out.takeNow()
	frame, err := wire.ReadFrame(bytes.NewReader(b), wire.MaxFrame)
	if err != nil {
		t.Fatal(err)
	}
	f, err := wire.DecodeFrame(frame)
	if err != nil {
		t.Fatal(err)
	}
	views, ok := f.(*wire.Views)
	if !ok || len(views.Shown) != 3 {
		t.Errorf("%v is sent", f)
	}
	if b, _ := s.out.takeNow(); len(b) > 0 {
		t.Error("it is sent again")
	}
}
