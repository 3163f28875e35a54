//go:build linux || darwin

package api

import (
	"net"
	"os"
)

// sameUser reports whether the other end of c is a process of our user. The
// access rights of the home say so already; this holds where they were loosened.
func sameUser(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	uid := -1
	err = raw.Control(func(fd uintptr) {
		if u, e := peerUID(int(fd)); e == nil {
			uid = u
		}
	})
	return err == nil && uid == os.Getuid()
}
