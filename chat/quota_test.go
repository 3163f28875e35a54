package chat_test

import (
	"strings"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// smallest is the quota where the disk is small.
const smallest = 32 << 20

// flood has the author write text after text, until one is not taken, and
// returns how many were.
func (a *author) flood(t testing.TB, text string) (taken int, why wire.Reason) {
	t.Helper()
	for {
		a.write(t, 0, start, wire.NewText(a.salt(), text))
		n := len(a.logs[0])
		out, err := a.to.TakePushes(a.account(), []*wire.Push{a.push(0, n, n)})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Busy) > 0 {
			a.logs[0], a.chains[0] = a.logs[0][:n-1], a.logs[0][n-1].Prev
			return n - 1, out.Busy[0].Reason
		}
	}
}

// A contact that floods a conversation is stopped; the user is told, and once
// he has read it goes on. Nobody else is touched.
func TestQuota(t *testing.T) {
	ann := newNode(t, "Ann")
	ann.disk.free = chat.MinFree
	a := newAuthor(t, ann, 1)
	text := strings.Repeat("x", wire.MaxText)
	before := ann.Cursor()

	n, why := a.flood(t, text)
	if bytes := n * wire.MaxText; why != wire.ReasonQuota || bytes < smallest*9/10 || bytes > smallest {
		t.Errorf("%d bytes were taken, then the reason was %d", bytes, why)
	}
	if ok, err := ann.RoomFor(a.account()); ok || err != nil {
		t.Errorf("there is room: %t, %v", ok, err)
	}
	told := 0
	for u, err := range ann.Watch(t.Context(), before) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Kind == chat.UpdateContact && u.Contact.Why != "" {
			told++
		}
		if u.Cursor == ann.Cursor() {
			break
		}
	}
	if told != 1 {
		t.Errorf("the user was told %d times", told)
	}
	ann.restart(t) // the count is on disk
	if _, why := a.flood(t, "more"); why != wire.ReasonQuota {
		t.Error("after a restart more is taken")
	}

	h := a.history(t)
	half := h[len(h)/2].ID
	if _, err := ann.MarkRead(a.account(), half); err != nil {
		t.Fatal(err)
	}
	if c, err := ann.Contact(a.account()); err != nil || c.Why != "" {
		t.Errorf("with half of it read: %q, %v", c.Why, err)
	}
	if again, _ := a.flood(t, text); again-n < n/3 || again-n > n*2/3 {
		t.Errorf("then %d more were taken, after %d", again-n, n)
	}
	if _, err := ann.MarkRead(a.account(), wire.MessageID{}); err != nil {
		t.Fatal(err)
	}
	if ok, err := ann.RoomFor(a.account()); !ok || err != nil {
		t.Errorf("with all read there is room: %t, %v", ok, err)
	}
}

// Edits are not seen one by one, and yet they count; the texts that they
// replace do not, and no more do those that their writer deleted.
func TestQuotaOfEdits(t *testing.T) {
	ann := newNode(t, "Ann")
	ann.disk.free = chat.MinFree
	a := newAuthor(t, ann, 1)
	text := strings.Repeat("x", wire.MaxText)
	id := a.write(t, 0, start, wire.NewText(a.salt(), text))
	for range 2 * smallest / wire.MaxText {
		a.write(t, 0, start, wire.NewEdit(a.salt(), id, text))
	}
	if out := a.pushAll(t); len(out.Busy) > 0 {
		t.Error("texts that are gone count")
	}
	unseen := func() (n uint64) {
		ann.view(t, func(r chat.Reader) error {
			conv, err := r.Conv(a.log(0).Conv)
			n = conv.Unseen
			return err
		})
		return n
	}
	before := unseen()
	if edits := uint64(len(a.logs[0])); before < edits*100 {
		t.Errorf("%d edits count as %d bytes", edits, before)
	}
	a.write(t, 0, start, wire.NewDelete(a.salt(), id))
	a.pushAll(t)
	if after := unseen(); after+wire.MaxText > before {
		t.Errorf("after a deletion %d bytes count, before %d", after, before)
	}
	if _, err := ann.MarkRead(a.account(), wire.MessageID{}); err != nil || unseen() != 0 {
		t.Errorf("with all read %d bytes count, %v", unseen(), err)
	}
}

// Somebody back after 100,000 messages is no flood.
func TestQuotaOfManyMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	ann := newNode(t, "Ann")
	a := newAuthor(t, ann, 1)
	for sent := 0; sent < 100_000; sent += 1000 {
		for range 1000 {
			a.write(t, 0, start, wire.NewText(a.salt(), strings.Repeat("x", 100)))
		}
		out, err := ann.TakePushes(a.account(), []*wire.Push{a.push(0, sent+1, sent+1000)})
		if err != nil || len(out.Busy) > 0 {
			t.Fatalf("after %d: %v, %v", sent, out.Busy, err)
		}
	}
}

// Who pushes while there is no room is told so once for each log, not once for
// each push.
func TestOneBusyForALog(t *testing.T) {
	ann := newNode(t, "Ann")
	a := newAuthor(t, ann, 2)
	var pushes []*wire.Push
	for i := range 40 {
		a.write(t, i%2, start, wire.NewText(a.salt(), "text"))
		n := len(a.logs[i%2])
		pushes = append(pushes, a.push(i%2, n, n))
	}
	ann.disk.free = chat.MinFree - 1
	out, err := a.to.TakePushes(a.account(), pushes)
	if err != nil {
		t.Fatal(err)
	}
	told := map[wire.Log]int{}
	for _, b := range out.Busy {
		told[b.Log]++
	}
	if len(out.Busy) != 2 || told[a.log(0)] != 1 || told[a.log(1)] != 1 {
		t.Errorf("it is told %d times: %v", len(out.Busy), out.Busy)
	}
	for _, e := range out.Acks {
		if e.Head != 0 {
			t.Errorf("position %d is acknowledged", e.Head)
		}
	}
}
