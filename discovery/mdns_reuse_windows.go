package discovery

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// reuse lets several programs listen on the port of mDNS.
func reuse(_, _ string, c syscall.RawConn) error {
	var err error
	if ctl := c.Control(func(fd uintptr) {
		err = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
	}); ctl != nil {
		return ctl
	}
	return err
}
