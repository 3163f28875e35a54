//go:build !linux && !darwin

package api

import "net"

// sameUser relies on the access rights of the home: the system does not tell.
func sameUser(*net.UnixConn) bool { return true }
