package chat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

func TestGroups(t *testing.T) {
	ann, ben, _ := pair(t)
	many := make([]string, chat.MaxGroups+1)
	for i := range many {
		many[i] = fmt.Sprint("group ", i)
	}
	for _, tt := range []struct {
		set, want []string
		code      chat.Code // of the error; empty: none
	}{
		{[]string{"chess", "Family", "chess"}, []string{"Family", "chess"}, ""},
		{[]string{"chess", "Chess"}, []string{"Chess"}, ""},
		{[]string{"a\x1bb"}, []string{"Chess"}, chat.CodeUsage},
		{[]string{""}, []string{"Chess"}, chat.CodeUsage},
		{[]string{strings.Repeat("x", wire.MaxName+1)}, []string{"Chess"}, chat.CodeRefused},
		{many, []string{"Chess"}, chat.CodeRefused},
		{nil, nil, ""},
	} {
		_, err := ann.SetGroups(ben.Account(), tt.set)
		if tt.code == "" && err != nil || tt.code != "" && err == nil {
			t.Errorf("%q: %v", tt.set, err)
		} else if tt.code != "" {
			wantCode(t, err, tt.code)
		}
		c, err := ann.Contact(ben.Account())
		if err != nil || !slices.Equal(c.Groups, tt.want) {
			t.Errorf("after %q: %q, %v", tt.set, c.Groups, err)
		}
	}
	if c, err := ann.SetGroups(ben.Account(), []string{"Chess"}); err != nil || !c.InGroup("chess") || c.InGroup("family") {
		t.Errorf("%+v, %v", c, err)
	}
	_, err := ann.SetGroups(ann.Account(), nil)
	wantCode(t, err, chat.CodeNotFound)
}

func TestMemo(t *testing.T) {
	ann, ben, _ := pair(t)
	text := strings.Repeat("é", chat.MaxMemo)
	if c, err := ann.SetMemo(ben.Account(), text); err != nil || c.Memo != text {
		t.Fatalf("%q, %v", c.Memo, err)
	}
	_, err := ann.SetMemo(ben.Account(), text+"x")
	wantCode(t, err, chat.CodeRefused)
	_, err = ann.SetMemo(ben.Account(), "\xff")
	wantCode(t, err, chat.CodeUsage)
	before := ann.Cursor()
	ann.restart(t)
	if c, err := ann.SetMemo(ben.Account(), text); err != nil || c.Memo != text {
		t.Errorf("it did not last: %q, %v", c.Memo, err)
	}
	if ann.Cursor() != before {
		t.Error("what changed nothing is told")
	}
	if c, err := ann.SetMemo(ben.Account(), ""); err != nil || c.Memo != "" || ann.Cursor() == before {
		t.Errorf("%q, %v", c.Memo, err)
	}
}

func TestGradeNames(t *testing.T) {
	for _, name := range chat.Grades {
		if g, err := chat.ParseGrade(name); err != nil || g.String() != name {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
	_, err := chat.ParseGrade("some")
	wantCode(t, err, chat.CodeUsage)
}

// appear has to see from as it says that it is there, or that it leaves.
func appear(t *testing.T, from, to *node, leaving bool) {
	t.Helper()
	a, err := from.Announce(leaving)
	if err != nil {
		t.Fatal(err)
	}
	d, p, err := wire.ParsePresence(from.Account(), from.Record(a.Full))
	if err != nil {
		t.Fatal(err)
	}
	if err := to.TakePresence(from.Account(), d, p); err != nil {
		t.Fatal(err)
	}
}

// Who wants to be told is, once for each coming, and not of who is there already.
func TestTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, _ := pair(t)
		if c, err := ann.SetTell(ben.Account(), true); err != nil || !c.Tell {
			t.Fatalf("%+v, %v", c, err)
		}
		appear(t, ben, ann, false)
		var told []bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			for u, err := range ann.Watch(t.Context(), ann.Cursor()) {
				if err != nil {
					t.Error(err)
				}
				if u.Kind == chat.UpdatePresence {
					told = append(told, u.Tell)
				}
				if u.Kind == chat.UpdateNode {
					return
				}
			}
		}()
		want := func(what string, list ...bool) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(told, list) {
				t.Errorf("%s: %v, want %v", what, told, list)
			}
		}
		want("there already", false)
		appear(t, ben, ann, true)
		want("gone", false, false)
		appear(t, ben, ann, false)
		want("came", false, false, true)
		if err := ben.SetStatus(chat.Status{Mood: chat.MoodBusy}); err != nil {
			t.Fatal(err)
		}
		appear(t, ben, ann, false)
		want("busy now", false, false, true, false)
		if _, err := ann.SetTell(ben.Account(), false); err != nil {
			t.Fatal(err)
		}
		appear(t, ben, ann, true)
		appear(t, ben, ann, false)
		synctest.Wait()
		if slices.Contains(told[4:], true) {
			t.Errorf("told after that was switched off: %v", told)
		}
		if err := ann.SetName("Anna"); err != nil {
			t.Fatal(err)
		}
		<-done
	})
}

// What I note of somebody makes no event, and nothing that they are sent.
func TestNotesStay(t *testing.T) {
	ann, ben, p := pair(t)
	before := ann.head(t, ann.logTo(ben)).Head
	for _, err := range []error{
		second(ann.SetGroups(ben.Account(), []string{"bores"})),
		second(ann.SetMemo(ben.Account(), "owes me money")),
		second(ann.SetTell(ben.Account(), true)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := ann.Introduce(); err != nil {
		t.Fatal(err)
	}
	granted := ann.head(t, ann.logTo(ben))
	if granted.Head > before+1 { // Introduce grants a view, once
		t.Errorf("%d events were made", granted.Head-before)
	}
	p.exchange(t)
	for seq := before + 1; seq <= granted.Head; seq++ {
		if e := ann.event(t, ann.logTo(ben), seq); e.Wire.Kind != wire.KindGrant {
			t.Errorf("an event of kind %d", e.Wire.Kind)
		}
	}
	if c, err := ben.Contact(ann.Account()); err != nil || c.Groups != nil || c.Memo != "" || c.Tell {
		t.Errorf("ben has %+v, %v", c, err)
	}
}

func second[A any](_ A, err error) error { return err }
