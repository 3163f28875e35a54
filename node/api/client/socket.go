package client

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// SocketName is the file in a home at which its node is reached.
const SocketName = "api.sock"

// maxSocketPath is the longest path that every system allows for a socket: 103
// bytes and a zero on macOS, 107 on Linux.
const maxSocketPath = 103

func dialSocket(ctx context.Context, home string) (net.Conn, error) {
	path, release, err := ShortSocketPath(home)
	if err != nil {
		return nil, err
	}
	defer release()
	return new(net.Dialer).DialContext(ctx, "unix", path)
}

// ShortSocketPath returns a path to the socket of home that the system
// accepts, whatever the length of home: if need be one through a symbolic link
// in the temporary directory. It is valid until release is called; what was
// bound or connected through it stays.
func ShortSocketPath(home string) (path string, release func(), err error) {
	path = filepath.Join(home, SocketName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	abs, err := filepath.Abs(home)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "truce")
	if err != nil {
		return "", nil, err
	}
	release = func() { os.RemoveAll(dir) }
	short := filepath.Join(dir, "h")
	if path = filepath.Join(short, SocketName); len(path) > maxSocketPath {
		release()
		return "", nil, fmt.Errorf("the path %s is too long for a socket", abs)
	}
	if err := os.Symlink(abs, short); err != nil {
		release()
		return "", nil, fmt.Errorf("the path %s is too long for a socket: %w", abs, err)
	}
	return path, release, nil
}
