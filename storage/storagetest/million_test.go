package storagetest_test

import (
	"path/filepath"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
	"github.com/truce-im/truce/storage/storagetest"
)

// What is filled reads as people's conversations do.
func TestFill(t *testing.T) {
	s, err := storage.Open(filepath.Join(t.TempDir(), "store.db"), storage.Options{Key: storagetest.Key})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := storagetest.Fill(s, 10, 10_000); err != nil {
		t.Fatal(err)
	}
	c, err := chat.New(s, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i := range 10 {
		list, err := c.History(storagetest.Contact(i), chat.HistoryOptions{N: 10_000})
		if err != nil || len(list) == 0 {
			t.Fatalf("contact %d has %d messages, error %v", i, len(list), err)
		}
		for _, m := range list {
			if len(m.Text) != storagetest.TextSize || m.State != chat.Read {
				t.Fatalf("a message reads %+v", m)
			}
		}
		total += len(list)
	}
	if total != 10_000 {
		t.Errorf("there are %d messages", total)
	}
}
