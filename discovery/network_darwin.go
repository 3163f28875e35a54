package discovery

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// watchSystem calls changed for each message of a routing socket, route(4),
// until ctx ends.
func watchSystem(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, unix.AF_UNSPEC)
	if err != nil {
		return err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return err
	}
	f := os.NewFile(uintptr(fd), "route")
	defer f.Close()
	return readEvents(ctx, f, changed)
}

func lostEvents(err error) bool { return errors.Is(err, unix.ENOBUFS) }

func unusableAddrs() map[ifaceAddr]bool { return nil }
