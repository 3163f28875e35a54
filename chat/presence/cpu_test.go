//go:build unix

package presence_test

import (
	"syscall"
	"time"
)

// cpuTime is what this process has spent.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
