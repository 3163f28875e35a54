//go:build unix

package cli

import "syscall"

// alone has a process outlive the terminal that it was started from.
func alone() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
