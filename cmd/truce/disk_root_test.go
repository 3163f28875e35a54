//go:build root && linux

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const theirDiskIsFull = "their disk is full"

// smallDisk puts the machine's home on a disk of its own, of so many MiB.
func (m *machine) smallDisk(mib int) {
	m.t.Helper()
	dir := filepath.Dir(m.home)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		m.kill()
		if err := syscall.Unmount(dir, 0); err != nil {
			m.t.Error(err)
		}
	})
}

func (m *machine) ballast() string { return filepath.Join(filepath.Dir(m.home), "ballast") }

// fill leaves so many bytes of the disk free.
func (m *machine) fill(leave int64) {
	m.t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(m.home, &fs); err != nil {
		m.t.Fatal(err)
	}
	f, err := os.OpenFile(m.ballast(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for n := int64(fs.Bavail)*fs.Bsize - leave; n > 0; n -= int64(len(block)) {
		if _, err := f.Write(block[:min(n, int64(len(block)))]); err != nil {
			return // the node has taken the rest
		}
	}
}

// empty makes room again.
func (m *machine) empty() {
	m.t.Helper()
	if err := os.Remove(m.ballast()); err != nil {
		m.t.Fatal(err)
	}
}

// Below the reserve nothing is appended, and both sides say so in words. What
// writes no message goes on, and so do the messages once there is room.
func TestRootFullDisk(t *testing.T) {
	ann, ben := pair(t)
	ben.smallDisk(96)
	ann.start()
	ben.start()
	befriend(ann, ben)
	mine := ben.must("send", "Ann", "will be deleted", "--wait", "10s")[0]
	ann.must("send", "Ben", "to be read", "--wait", "10s")
	ann.stop()
	early := ben.must("send", "Ann", "written with room left")[0]

	ben.fill(16 << 20)
	ben.until("the node sees it", 5*time.Second, func() bool {
		_, status, diagnostics := ben.do("send", "Ann", "one too many")
		if status == 0 {
			return false
		}
		text, _, _ := strings.Cut(diagnostics, "\n")
		if status != 1 || !strings.HasPrefix(text, "truce: the disk is almost full") {
			t.Errorf("exit %d, %q", status, diagnostics)
		}
		return true
	})
	ann.start()
	late := ann.must("send", "Ben", "finds no room")[0]
	ann.until("the reason is told", 15*time.Second, func() bool {
		m := ann.must("show", late.ID)[0]
		return m.State == "queued" && m.Why == theirDiskIsFull
	})
	ben.until("a tick is taken", 10*time.Second, func() bool { return ben.must("show", early.ID)[0].State == "delivered" })
	if n := len(history(ben, ann)); n < 3 {
		t.Errorf("%d messages can be read", n)
	}
	ben.must("read", "Ann")
	if m := ben.must("delete", mine.ID)[0]; m.Text != "" {
		t.Errorf("after its deletion the text is %q", m.Text)
	}

	ben.empty()
	ann.until("delivered", 15*time.Second, func() bool {
		m := ann.must("show", late.ID)[0]
		return m.State == "delivered" && m.Why == ""
	})
	ben.must("send", "Ann", "there is room again", "--wait", "10s")
	ann.must("wait", late.ID, "10s")
	same(t, ann, ben, len(history(ben, ann)))
}

// The disk runs full to the last byte, again and again, in the middle of what
// both send: nothing is lost, doubled or out of order.
func TestRootDiskRunsFullUnderTraffic(t *testing.T) {
	const count, rounds = 150, 5
	ann, ben := pair(t)
	ben.smallDisk(96)
	ann.start()
	ben.start()
	befriend(ann, ben)
	var sending sync.WaitGroup
	var refused atomic.Int32
	for _, x := range [][2]*machine{{ann, ben}, {ben, ann}} {
		sending.Go(func() {
			for i := range count {
				for {
					_, status, diagnostics := x[0].do("send", x[1].name, fmt.Sprint(i), "--key", fmt.Sprint(i))
					if status == 0 {
						break
					}
					if status != 1 || strings.Contains(diagnostics, "panic") {
						t.Errorf("%s: exit %d, %s", x[0].name, status, diagnostics)
						return
					}
					refused.Add(1)
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	for range rounds {
		ben.fill(0)
		time.Sleep(2 * time.Second)
		ben.empty()
		time.Sleep(time.Second)
	}
	sending.Wait()
	if refused.Load() == 0 {
		t.Error("the disk was never full")
	}
	for _, m := range []*machine{ann, ben} {
		m.until("all is delivered", 60*time.Second, func() bool { return len(m.must("outbox")) == 0 })
	}
	same(t, ann, ben, 2*count)
	ann.stop()
	ben.stop()
}
