package storage_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/storage"
)

const killEnv = "TRUCE_TEST_KILL_STORE"

// TestKill kills a process that appends from several goroutines, again and
// again, in the midst of its commits: what it said is on disk is there, and
// nothing stands there twice or with a gap.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	open(t, path, storage.Options{}).Close()
	said := map[wire.Log]uint64{}
	for n := range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillHelper$")
		cmd.Env = append(os.Environ(), killEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for left := 40 + 37*n; lines.Scan(); left-- {
			if left == 0 {
				cmd.Process.Kill()
			}
			var conv, seq uint64
			if _, err := fmt.Sscanf(lines.Text(), "%d %d", &conv, &seq); err == nil {
				said[benchLog(conv)] = seq
			}
		}
		cmd.Wait()
		checkLogs(t, path, said)
	}
}

func checkLogs(t *testing.T, path string, said map[wire.Log]uint64) {
	t.Helper()
	s := open(t, path, storage.Options{})
	defer s.Close()
	view(t, s, func(r chat.Reader) error {
		for l, seq := range said {
			head, err := r.Log(l)
			events, eventsErr := collect(r.Events(l, 1))
			history, historyErr := collect(r.After(l.Conv, nil))
			if err := errors.Join(err, eventsErr, historyErr); err != nil {
				return err
			}
			if head.Head < seq || uint64(len(events)) != head.Head || len(history) != len(events) {
				t.Errorf("said %d, the head is %d, there are %d events and %d in the history", seq, head.Head, len(events), len(history))
			}
			for i, e := range events {
				if e.Seq != uint64(i+1) {
					t.Errorf("seq %d stands at %d", e.Seq, i+1)
				}
			}
		}
		return nil
	})
}

// TestKillHelper is the process that TestKill kills.
func TestKillHelper(t *testing.T) {
	path, ok := os.LookupEnv(killEnv)
	if !ok {
		t.Skip("run by TestKill")
	}
	s := open(t, path, storage.Options{}.WithTail(50))
	var wg sync.WaitGroup
	for conv := range uint64(4) {
		wg.Go(func() {
			for {
				var seq uint64
				if err := s.Update(func(tx chat.Tx) (err error) { seq, err = appendNext(tx, conv); return err }); err != nil {
					fmt.Println(err)
					return
				}
				os.Stdout.WriteString(strconv.FormatUint(conv, 10) + " " + strconv.FormatUint(seq, 10) + "\n")
			}
		})
	}
	wg.Wait()
}

// appendNext appends an event at the head of a log.
func appendNext(tx chat.Tx, conv uint64) (seq uint64, err error) {
	head, err := tx.Log(benchLog(conv))
	if err != nil {
		return 0, err
	}
	f := feeder{convs: 1}
	e := f.next()
	e.Log, e.Seq, e.Order = head.Log, head.Head+1, head.Head/3
	head.Head = e.Seq
	return e.Seq, errors.Join(tx.Append(&e), tx.PutLog(head))
}
