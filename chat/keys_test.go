package chat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
)

// keyed are the writes that take an idempotency key; each returns what its
// result is about.
var keyed = map[string]func(t *testing.T, ann, ben *node, key string) (string, error){
	"send": func(_ *testing.T, ann, ben *node, key string) (string, error) {
		m, err := ann.Send(ben.Account(), "hi", chat.SendOptions{Key: key})
		return m.ID.String(), err
	},
	"edit": func(t *testing.T, ann, ben *node, key string) (string, error) {
		m, err := ann.Edit(ann.history(t, ben)[0].ID, "edited", key)
		return m.ID.String(), err
	},
	"react": func(t *testing.T, ann, ben *node, key string) (string, error) {
		m, err := ann.React(ann.history(t, ben)[0].ID, "👍", false, key)
		return m.ID.String(), err
	},
	"delete": func(t *testing.T, ann, ben *node, key string) (string, error) {
		m, err := ann.Delete(ann.history(t, ben)[0].ID, key)
		return m.ID.String(), err
	},
	"add": func(t *testing.T, ann, _ *node, key string) (string, error) {
		v, _, err := ann.Ask(somebody(t, "Carl", 1), chat.AskOptions{Key: key})
		return v.Account.String(), err
	},
}

func TestKeyGivesTheSameResult(t *testing.T) {
	for name, write := range keyed {
		t.Run(name, func(t *testing.T) {
			ann, ben, _ := pair(t)
			ann.send(t, ben, "first")
			key := strings.Repeat("ü", chat.MaxKey)
			result, err := write(t, ann, ben, key)
			if err != nil {
				t.Fatal(err)
			}
			before := ann.Cursor()
			for range 2 {
				again, err := write(t, ann, ben, key)
				if err != nil || again != result {
					t.Errorf("%s, then %s, %v", result, again, err)
				}
				ann.restart(t)
			}
			if ann.Cursor() != before {
				t.Error("something happened twice")
			}
			for other, write := range keyed {
				if other == name {
					continue
				}
				if _, err := write(t, ann, ben, key); !errors.Is(err, chat.ErrUsage) {
					t.Errorf("the key used for %s: %v", other, err)
				}
			}
			if _, err := write(t, ann, ben, key+"x"); !errors.Is(err, chat.ErrUsage) {
				t.Errorf("a key that is too long: %v", err)
			}
			if ann.Cursor() != before {
				t.Error("a refused write stored something")
			}
		})
	}
}

// A key counts, not what else is asked.
func TestKeyWithAnotherTarget(t *testing.T) {
	ann, ben, _ := pair(t)
	one, two := ann.send(t, ben, "one"), ann.send(t, ben, "two")
	for range 2 {
		if m, err := ann.Delete(one.ID, "k"); m.ID != one.ID || err != nil {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if m, err := ann.Delete(two.ID, "k"); m.ID != one.ID || err != nil {
		t.Errorf("%+v, %v", m, err)
	}
	carl, dora := somebody(t, "Carl", 1), somebody(t, "Dora", 2)
	ann.Ask(carl, chat.AskOptions{Key: "a"})
	if v, _, err := ann.Ask(dora, chat.AskOptions{Key: "a"}); v.Account != carl.Account || err != nil {
		t.Errorf("%+v, %v", v, err)
	}
	if c := ann.contact(t, dora.Account); c.Account == dora.Account {
		t.Error("Dora was asked")
	}
}

// A write that a rule refused may be tried again under its key.
func TestKeyOfARefusedWrite(t *testing.T) {
	ann, ben, _ := pair(t)
	ann.disk.full = true
	_, err := ann.Send(ben.Account(), "x", chat.SendOptions{Key: "k"})
	wantCode(t, err, chat.CodeFailed)
	ann.disk.full = false
	if _, err := ann.Send(ben.Account(), "x", chat.SendOptions{Key: "k"}); err != nil {
		t.Error(err)
	}
	ann.disk.full = true // the repetition needs no room
	if _, err := ann.Send(ben.Account(), "x", chat.SendOptions{Key: "k"}); err != nil {
		t.Error(err)
	}
}

func TestKeysAreForgotten(t *testing.T) {
	ann, ben, _ := pair(t)
	for _, x := range []struct {
		after time.Duration
		left  int
	}{{7 * 24 * time.Hour, 1}, {8 * 24 * time.Hour, 2}} {
		if _, err := ann.Send(ben.Account(), "x", chat.SendOptions{Key: "k"}); err != nil {
			t.Fatal(err)
		}
		ann.clock.advance(x.after)
		if err := ann.ForgetKeys(); err != nil {
			t.Fatal(err)
		}
		if _, err := ann.Send(ben.Account(), "x", chat.SendOptions{Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if n := len(ann.history(t, ben)); n != x.left {
			t.Errorf("after %s more there are %d messages", x.after, n)
		}
	}
}
