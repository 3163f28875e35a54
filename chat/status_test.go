package chat_test

import (
	"testing"
	"time"

	"github.com/truce-im/truce/chat"
)

// Of two faces that set the status at a time one is second, on disk and in memory:
// else ticks were held back from everybody, or from nobody, until it is set again.
func TestTwoSetTheStatus(t *testing.T) {
	ann := newNode(t, "Ann")
	done := make(chan error, 1)
	ann.disk.wrote = func() {
		go func() { done <- ann.SetStatus(chat.Status{Mood: chat.MoodAvailable}) }()
		select {
		case err := <-done:
			done <- err
		case <-time.After(100 * time.Millisecond): // it waits, as it should
		}
	}
	if err := ann.SetStatus(chat.Status{Mood: chat.MoodInvisible}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	st, err := ann.Status()
	if err != nil || ann.Hides() != (st.Mood == chat.MoodInvisible) {
		t.Errorf("%s, but ticks are held back: %v; %v", st.Mood, ann.Hides(), err)
	}
}
