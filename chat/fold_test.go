package chat_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// deed is one event of a story, as a model of the folding sees it.
type deed struct {
	device, seq int
	order       uint64
	content     wire.Content
	id          wire.MessageID
}

// story is a conversation of one account with two devices, and what it comes to.
type story struct {
	*author
	own   chat.Message // a message that the reader wrote
	deeds []deed
}

// newStory writes n random events, spread over two devices whose clocks often
// agree to the millisecond.
func newStory(t *testing.T, seed uint64, n int) *story {
	reader := newNode(t, "Ann")
	s := &story{author: newAuthor(t, reader, 2)}
	var err error
	if s.own, err = reader.Send(s.account(), "mine", chat.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	orders := [2]uint64{}
	for range n {
		device := rnd.IntN(2)
		stamp := start - 50 + rnd.Int64N(50)
		orders[device] = max(orders[device], uint64(stamp))
		d := deed{device: device, seq: len(s.logs[device]) + 1, order: orders[device], content: s.random(rnd)}
		d.id = s.write(t, device, stamp, d.content)
		s.deeds = append(s.deeds, d)
	}
	return s
}

// random is content about anything that was written before: the one who acts
// may not see it yet, and may not be allowed to.
func (s *story) random(rnd *rand.Rand) wire.Content {
	target := s.own.ID
	if n := len(s.deeds); n > 0 && rnd.IntN(8) > 0 {
		target = s.deeds[rnd.IntN(n)].id
	}
	emoji := []string{"👍", "🍕"}[rnd.IntN(2)]
	switch rnd.IntN(12) {
	case 0, 1, 2:
		return wire.NewEdit(s.salt(), target, fmt.Sprint("edit ", s.salts))
	case 3:
		return wire.NewDelete(s.salt(), target)
	case 4, 5:
		return wire.NewReaction(s.salt(), target, emoji)
	case 6, 7:
		for _, d := range slices.Backward(s.deeds) {
			if d.content.Kind() == wire.ContentReaction && rnd.IntN(2) == 0 {
				return wire.NewUnreact(s.salt(), *d.content.InReplyTo, d.id, d.content.Emojis()[0])
			}
		}
	case 8:
		return wire.NewReply(s.salt(), target, fmt.Sprint("reply ", s.salts))
	}
	return wire.NewText(s.salt(), fmt.Sprint("text ", s.salts))
}

func (s *story) compare(a, b deed) int {
	return cmp.Or(cmp.Compare(a.order, b.order), bytes.Compare(s.devices[a.device][32:], s.devices[b.device][32:]), cmp.Compare(a.seq, b.seq))
}

// shown is a message as the model and the history are compared.
type shown struct {
	text            string
	edited, deleted bool
	reactions       string
}

// told is what the story comes to by the rules alone (rule 18): the highest
// order key wins, a deletion is final, one reaction per emoji.
func (s *story) told() map[wire.MessageID]shown {
	deeds := slices.SortedFunc(slices.Values(s.deeds), s.compare)
	taken := map[wire.MessageID]bool{} // what the author took back
	for _, d := range deeds {
		if k := d.content.Kind(); k == wire.ContentDelete || k == wire.ContentUnreaction {
			taken[*d.content.Replaces] = true
		}
	}
	all := map[wire.MessageID]shown{s.own.ID: {text: "mine"}}
	last := map[wire.MessageID]map[string]wire.MessageID{} // newest reaction by target and emoji
	for _, d := range deeds {
		switch d.content.Kind() {
		case wire.ContentText:
			text, _ := d.content.Text()
			all[d.id] = shown{text: text, deleted: taken[d.id]}
		case wire.ContentReaction:
			target := *d.content.InReplyTo
			if last[target] == nil {
				last[target] = map[string]wire.MessageID{}
			}
			last[target][d.content.Emojis()[0]] = d.id
		}
	}
	for _, d := range deeds { // edits, oldest first, once every message is there
		if d.content.Kind() == wire.ContentEdit {
			m, ok := all[*d.content.Replaces]
			if ok && *d.content.Replaces != s.own.ID {
				m.text, _ = d.content.Text()
				m.edited = true
				all[*d.content.Replaces] = m
			}
		}
	}
	for id, m := range all {
		if m.deleted {
			all[id] = shown{deleted: true}
			continue
		}
		for _, emoji := range []string{"👍", "🍕"} {
			if r, ok := last[id][emoji]; ok && !taken[r] {
				m.reactions += emoji
			}
		}
		all[id] = m
	}
	return all
}

// TestFoldIsCommutative delivers the two logs of random stories in random
// interleavings, and holds the history against the model.
func TestFoldIsCommutative(t *testing.T) {
	for seed := range uint64(40) {
		var first []int
		for order := range uint64(4) {
			s := newStory(t, seed, 40)
			s.deliver(t, rand.New(rand.NewPCG(seed, order+100)))
			deeds := s.check(t)
			if first == nil {
				first = deeds
			}
			if !slices.Equal(deeds, first) {
				t.Fatalf("story %d: the history has another order", seed)
			}
			if t.Failed() {
				t.Fatalf("in story %d, interleaving %d", seed, order)
			}
		}
	}
}

// deliver pushes pieces of both logs in a random order.
func (s *story) deliver(t *testing.T, rnd *rand.Rand) {
	t.Helper()
	var at [2]int
	for at[0] < len(s.logs[0]) || at[1] < len(s.logs[1]) {
		i := rnd.IntN(2)
		n := min(rnd.IntN(6), len(s.logs[i])-at[i])
		if n == 0 {
			continue
		}
		if _, err := s.to.TakePushes(s.account(), []*wire.Push{s.push(i, at[i]+1, at[i]+n)}); err != nil {
			t.Fatal(err)
		}
		at[i] += n
	}
}

// check compares the history with the model. It returns which deeds stand in
// it, in order.
func (s *story) check(t *testing.T) (deeds []int) {
	t.Helper()
	want := s.told()
	history := s.history(t)
	if len(history) != len(want) {
		t.Errorf("the history has %d messages, not %d", len(history), len(want))
	}
	for _, m := range history {
		got := shown{text: m.Text, edited: m.Edited, deleted: m.Deleted}
		for _, emoji := range []string{"👍", "🍕"} {
			if len(m.Reactions[emoji]) > 0 {
				got.reactions += emoji
			}
		}
		if got != want[m.ID] {
			t.Errorf("a message is shown as %+v, not %+v", got, want[m.ID])
		}
		if !m.Out {
			deeds = append(deeds, slices.IndexFunc(s.deeds, func(d deed) bool { return d.id == m.ID }))
		}
	}
	s.checkBlank(t, want)
	return deeds
}

// checkBlank checks that nothing which must not be shown is still on disk: what
// was deleted, and the edits of it.
func (s *story) checkBlank(t *testing.T, want map[wire.MessageID]shown) {
	t.Helper()
	for _, d := range s.deeds {
		about := d.id
		if d.content.Kind() == wire.ContentEdit {
			about = *d.content.Replaces
		}
		if e := s.to.event(t, s.log(d.device), uint64(d.seq)); want[about].deleted && !e.Wire.Stub {
			t.Errorf("the body of something deleted is still on disk (%s)", d.content.Kind())
		}
	}
}

func TestWhatComesBeforeItsTarget(t *testing.T) {
	edit := func(a *author, m wire.MessageID) wire.Content { return wire.NewEdit(a.salt(), m, "edited") }
	remove := func(a *author, m wire.MessageID) wire.Content { return wire.NewDelete(a.salt(), m) }
	react := func(a *author, m wire.MessageID) wire.Content { return wire.NewReaction(a.salt(), m, "👍") }
	tests := []struct {
		what  string
		early []func(*author, wire.MessageID) wire.Content
		want  shown
	}{
		{"an edit", []func(*author, wire.MessageID) wire.Content{edit}, shown{text: "edited", edited: true}},
		{"a deletion", []func(*author, wire.MessageID) wire.Content{remove}, shown{deleted: true}},
		{"a reaction", []func(*author, wire.MessageID) wire.Content{react}, shown{text: "hello", reactions: "👍"}},
		{"an edit and a deletion", []func(*author, wire.MessageID) wire.Content{edit, remove}, shown{deleted: true}},
		{"a deletion and an edit", []func(*author, wire.MessageID) wire.Content{remove, edit}, shown{deleted: true}},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			s := &story{author: newAuthor(t, newNode(t, "Ann"), 2)}
			id := s.write(t, 0, start, wire.NewText(s.salt(), "hello"))
			for _, f := range test.early {
				s.write(t, 1, start, f(s.author, id))
			}
			for _, device := range []int{1, 0} {
				if _, err := s.to.TakePushes(s.account(), []*wire.Push{s.push(device, 1, len(s.logs[device]))}); err != nil {
					t.Fatal(err)
				}
				if device == 1 && len(s.history(t)) != 0 {
					t.Error("what has no target is shown")
				}
			}
			m := s.history(t)[0]
			got := shown{text: m.Text, edited: m.Edited, deleted: m.Deleted}
			if len(m.Reactions["👍"]) == 1 {
				got.reactions = "👍"
			}
			if got != test.want {
				t.Errorf("it is shown as %+v", got)
			}
		})
	}
}

func TestRemovalBeforeItsReaction(t *testing.T) {
	a := newAuthor(t, newNode(t, "Ann"), 2)
	id := a.write(t, 0, start, wire.NewText(a.salt(), "hello"))
	reaction := a.write(t, 0, start+1, wire.NewReaction(a.salt(), id, "👍"))
	a.write(t, 1, start+2, wire.NewUnreact(a.salt(), id, reaction, "👍"))
	for _, device := range []int{1, 0} {
		if _, err := a.to.TakePushes(a.account(), []*wire.Push{a.push(device, 1, len(a.logs[device]))}); err != nil {
			t.Fatal(err)
		}
	}
	if m := a.history(t)[0]; len(m.Reactions) != 0 {
		t.Errorf("it has %v", m.Reactions)
	}
}

// The same message at two positions is one message, and dies as one.
func TestTwinsAreOneMessage(t *testing.T) {
	a := newAuthor(t, newNode(t, "Ann"), 2)
	c := wire.NewText(a.salt(), "secret")
	id := a.write(t, 0, start, c)
	a.write(t, 1, start+5, c)
	a.write(t, 1, start+6, wire.NewText(a.salt(), "other"))
	taken := a.pushAll(t)
	for _, e := range taken.Acks {
		if e.Head == 0 {
			t.Error("a twin was not acknowledged")
		}
	}
	wantTexts(t, a.texts(t), "secret", "other")
	a.write(t, 0, start+7, wire.NewDelete(a.salt(), id))
	a.pushAll(t)
	wantTexts(t, a.texts(t), "", "other")
	for device := range 2 {
		if e := a.to.event(t, a.log(device), 1); !e.Wire.Stub {
			t.Errorf("the text is still in log %d", device)
		}
	}
}

// What one may not do to another's message has no effect.
func TestFoldByAnother(t *testing.T) {
	n := newNode(t, "Ann")
	a := newAuthor(t, n, 1)
	m, err := n.Send(a.account(), "mine", chat.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, 0, start, wire.NewEdit(a.salt(), m.ID, "yours"))
	a.write(t, 0, start, wire.NewDelete(a.salt(), m.ID))
	a.pushAll(t)
	if got := n.message(t, m.ID); got.Text != "mine" || got.Edited || got.Deleted {
		t.Errorf("it became %+v", got)
	}
	if e := n.event(t, wire.Log{Conv: a.log(0).Conv, Account: n.Account(), Device: n.Device()}, 1); e.Wire.Stub {
		t.Error("its body is gone")
	}
}

// Nor has what is said in another conversation.
func TestFoldFromAnotherConversation(t *testing.T) {
	ann, ben, p := pair(t)
	a := newAuthor(t, ann, 1)
	id := a.write(t, 0, start, wire.NewText(a.salt(), "hello"))
	a.pushAll(t)
	m := ben.send(t, ann, "from Ben")
	p.exchange(t)
	a.write(t, 0, start, wire.NewReaction(a.salt(), m.ID, "👍"))
	a.write(t, 0, start, wire.NewDelete(a.salt(), m.ID))
	a.pushAll(t)
	if got := ann.message(t, m.ID); got.Deleted || len(got.Reactions) != 0 {
		t.Errorf("it became %+v", got)
	}
	if got := ann.message(t, id); got.Text != "hello" {
		t.Errorf("the other is %+v", got)
	}
}
