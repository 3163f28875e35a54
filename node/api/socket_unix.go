//go:build unix

package api

import (
	"net"
	"sync"
	"syscall"
)

// umask is of the whole process: one socket is made at a time.
var umask sync.Mutex

func listenPrivate(path string) (*net.UnixListener, error) {
	umask.Lock()
	defer umask.Unlock()
	defer syscall.Umask(syscall.Umask(0o177))
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
