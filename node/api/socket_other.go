//go:build !unix

package api

import "net"

// listenPrivate relies on the access rights of the home.
func listenPrivate(path string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
