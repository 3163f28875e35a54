package chat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func (n *node) search(t testing.TB, text string, opt chat.SearchOptions) (texts []string) {
	t.Helper()
	for m, err := range n.Search(t.Context(), text, opt) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, m.Text)
	}
	return texts
}

func wantFound(t testing.TB, n *node, text string, want ...string) {
	t.Helper()
	if got := n.search(t, text, chat.SearchOptions{}); !slices.Equal(got, want) {
		t.Errorf("%q finds %q, not %q", text, got, want)
	}
}

func TestSearch(t *testing.T) {
	ann, ben, p := pair(t)
	ann.send(t, ben, "Lunch at Zoë's?")
	ben.clock.advance(time.Second)
	ben.send(t, ann, "no, LUNCH at home")
	ann.send(t, ben, "then dinner")
	ann.send(t, ben, "Straße 5")
	p.exchange(t)
	for _, n := range []*node{ann, ben} {
		wantFound(t, n, "lunch", "no, LUNCH at home", "Lunch at Zoë's?")
		wantFound(t, n, "zoe", "Lunch at Zoë's?")
		wantFound(t, n, "STRASSE", "Straße 5")
		wantFound(t, n, "at home", "no, LUNCH at home")
		wantFound(t, n, "breakfast")
	}
}

// What was edited is found by what it says now; nothing is found of what was
// deleted, of reactions, or of what cannot be shown.
func TestSearchWhatIsShownNow(t *testing.T) {
	ann, ben, p := pair(t)
	m := ann.send(t, ben, "the first word")
	gone := ann.send(t, ben, "the second word")
	ben.clock.advance(time.Second)
	kept := ben.send(t, ann, "the third word")
	ann.send(t, ben, "last")
	p.exchange(t)
	for _, text := range []string{"the 1st word", "the one word"} {
		if _, err := ann.Edit(m.ID, text, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ann.Delete(gone.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.React(kept.ID, "👍", false, ""); err != nil {
		t.Fatal(err)
	}
	p.exchange(t)
	for _, n := range []*node{ann, ben} {
		wantFound(t, n, "word", "the third word", "the one word")
		wantFound(t, n, "first")
		wantFound(t, n, "1st")
		wantFound(t, n, "second")
		wantFound(t, n, "👍")
		wantFound(t, n, chat.CannotShow)
		for hit, err := range n.Search(t.Context(), "one word", chat.SearchOptions{}) {
			if err != nil || hit.ID != m.ID || !hit.Edited {
				t.Errorf("%+v, %v", hit, err)
			}
		}
	}
}

// What is deleted, or edited, while hits before it are taken is not found any more.
func TestSearchWhileTextsGo(t *testing.T) {
	ann, ben, _ := pair(t)
	edited, deleted := ann.send(t, ben, "an old word"), ann.send(t, ben, "a gone word")
	ann.send(t, ben, "the last word")
	var found []string
	for m, err := range ann.Search(t.Context(), "word", chat.SearchOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if found = append(found, m.Text); len(found) > 1 {
			continue
		}
		_, err := ann.Delete(deleted.ID, "")
		_, err2 := ann.Edit(edited.ID, "a new one", "")
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
	}
	wantTexts(t, found, "the last word")
}

func TestSearchFindsOnlyReadableContent(t *testing.T) {
	n := newNode(t, "Ann")
	a := newAuthor(t, n, 1)
	text := func(s string) wire.Part {
		return wire.Part{Cardinality: wire.SinglePart, ContentType: wire.TypePlain, Content: []byte(s)}
	}
	image := wire.Part{Cardinality: wire.ExternalPart, ContentType: "image/png", External: &wire.External{Filename: "needle.png"}}
	both := wire.Content{Salt: a.salt(), Body: wire.Part{
		Cardinality: wire.MultiPart, Semantics: wire.SingleUnit, Parts: []wire.Part{text("with a needle"), image},
	}}
	odd := wire.Content{Salt: a.salt(), Body: wire.Part{Cardinality: wire.SinglePart, ContentType: "application/needle", Content: []byte("needle")}}
	a.write(t, 0, start+1, both)
	a.write(t, 0, start+2, odd)
	a.append(0, wire.Event{Kind: wire.KindContent, Stamp: uint64(start + 3), Body: []byte("needle")})
	a.pushAll(t)
	wantFound(t, n, "needle", "with a needle\n[needle.png]")
}

// Hits come in the order of the histories, over all conversations, however the
// messages came.
func TestSearchOrder(t *testing.T) {
	ann, ben, p := pair(t)
	eve := newNode(t, "Eve")
	ann.ask(t, eve)
	ben.send(t, ann, "hit 1, held back")
	ben.clock.advance(24 * time.Hour)
	ben.send(t, ann, "hit 3, held back")
	ann.clock.advance(12 * time.Hour)
	ann.send(t, eve, "hit 2")
	ann.clock.advance(24 * time.Hour)
	ann.send(t, eve, "hit 4")
	ann.clock.advance(24 * time.Hour)
	p.exchange(t)
	ann.send(t, eve, "hit 5")
	all := []string{"hit 5", "hit 4", "hit 3, held back", "hit 2", "hit 1, held back"}
	wantFound(t, ann, "hit", all...)
	for n := 1; n <= len(all); n++ {
		if got := ann.search(t, "HIT", chat.SearchOptions{N: n}); !slices.Equal(got, all[:n]) {
			t.Errorf("the newest %d are %q", n, got)
		}
	}
	for a, want := range map[*node][]string{ben: {all[2], all[4]}, eve: {all[0], all[1], all[3]}} {
		if got := ann.search(t, "hit", chat.SearchOptions{In: a.Account()}); !slices.Equal(got, want) {
			t.Errorf("with %s: %q", a.Name(), got)
		}
	}
}

func TestSearchDefaultAndMany(t *testing.T) {
	ann := newNode(t, "Ann")
	ben := newNode(t, "Ben")
	ann.ask(t, ben)
	for i := range 50 {
		ann.send(t, ben, fmt.Sprint("message ", i))
	}
	if got := ann.search(t, "message", chat.SearchOptions{}); len(got) != 20 || got[0] != "message 49" || got[19] != "message 30" {
		t.Errorf("%q", got)
	}
	for range ann.Search(t.Context(), "message", chat.SearchOptions{}) {
		ann.send(t, ben, "and another message") // whoever reads may write
		break
	}
}

func TestSearchRefuses(t *testing.T) {
	ann, ben, _ := pair(t)
	ann.send(t, ben, "something")
	stranger := newNode(t, "Eve")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	first := func(ctx context.Context, text string, opt chat.SearchOptions) error {
		for _, err := range ann.Search(ctx, text, opt) {
			return err
		}
		return nil
	}
	wantCode(t, first(t.Context(), "", chat.SearchOptions{}), chat.CodeUsage)
	wantCode(t, first(t.Context(), "\u0301", chat.SearchOptions{}), chat.CodeUsage)
	wantCode(t, first(t.Context(), "\xff", chat.SearchOptions{}), chat.CodeUsage)
	wantCode(t, first(t.Context(), strings.Repeat("x", chat.MaxSearch+1), chat.SearchOptions{}), chat.CodeUsage)
	wantCode(t, first(t.Context(), "x", chat.SearchOptions{In: stranger.Account()}), chat.CodeNotFound)
	if err := first(gone, "some", chat.SearchOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("whose asker is gone ends with %v", err)
	}
}
