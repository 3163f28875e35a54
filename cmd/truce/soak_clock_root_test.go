//go:build root && linux

package main_test

import (
	"bytes"
	endian "encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// skewed is the program under test, built once with a time.Now whose wall clock
// can be set wrong from outside, for libraries too. The product has no such
// switch: -overlay lays another time.go over the standard one, and puts
// testdata/skew.go beside main.go. The monotonic clock stays right, as it does
// when somebody sets the clock of a machine.
var skewed = sync.OnceValues(func() (string, error) {
	const right = "sec, nsec, mono := runtimeNow()\n\tif mono == 0"
	const wrong = "sec, nsec, mono := runtimeNow()\n\tsec += *Skew\n\tif mono == 0"
	const skew = "\nvar noSkew int64\n\n// Skew is how many seconds the wall clock is ahead.\nvar Skew = &noSkew\n"

	dir, err := os.MkdirTemp("", "truce-soak-")
	if err != nil {
		return "", err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	standard := filepath.Join(string(bytes.TrimSpace(root)), "src", "time", "time.go")
	source, err := os.ReadFile(standard)
	if err != nil {
		return "", err
	}
	if bytes.Count(source, []byte(right)) != 1 {
		return "", fmt.Errorf("time.Now of %s is not as the soak expects it", runtime.Version())
	}
	source = append(bytes.Replace(source, []byte(right), []byte(wrong), 1), skew...)
	other := filepath.Join(dir, "time.go")
	if err := os.WriteFile(other, source, 0o600); err != nil {
		return "", err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		standard:                       other,
		filepath.Join(here, "skew.go"): filepath.Join(here, "testdata", "skew.go"),
	}})
	if err != nil {
		return "", err
	}
	list, path := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "truce")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-overlay", list, "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// wallClock is the clock of one machine's processes.
type wallClock struct {
	t    *testing.T
	path string
	skew time.Duration // whole seconds
}

func newWallClock(t *testing.T, path string) *wallClock {
	c := &wallClock{t: t, path: path}
	c.set(0)
	return c
}

// set makes the clock wrong by so much, at once, in processes that run too.
func (c *wallClock) set(skew time.Duration) {
	c.t.Helper()
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	c.skew = skew.Truncate(time.Second)
	if _, err := f.WriteAt(endian.NativeEndian.AppendUint64(nil, uint64(c.skew/time.Second)), 0); err != nil {
		c.t.Fatal(err)
	}
}

// year sets the clock to the beginning of a year; 0: right. 1970 is where one
// begins that was never set.
func (c *wallClock) year(year int) {
	c.t.Helper()
	if year == 0 {
		c.set(0)
		return
	}
	c.set(time.Until(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// skewable runs the machine's processes from now on by a clock of their own.
func (m *machine) skewable() *wallClock {
	m.t.Helper()
	path, err := skewed()
	if err != nil {
		m.t.Fatal(err)
	}
	c := newWallClock(m.t, m.home+".clock")
	m.binary = path // of the whole LAN: who has no clock of their own is not to run
	m.env = []string{"TRUCE_SKEW=" + c.path}
	return c
}
