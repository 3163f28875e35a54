package api

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/api/client"
)

// Bounds of the server. Its clients are local: one that cannot keep to them is
// broken.
const (
	headerTimeout = 5 * time.Second
	maxHeader     = 16 << 10
	// drainTimeout is how long requests under way may take to end on a stop.
	drainTimeout = 2 * time.Second
)

// Listen opens the socket in home, readable by its owner alone. The caller
// holds the lock of the home: a socket that lies there is of a dead node and is
// replaced. Closing the listener removes the socket.
func Listen(home string) (net.Listener, error) {
	path := filepath.Join(home, client.SocketName)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	short, release, err := client.ShortSocketPath(home)
	if err != nil {
		return nil, chat.Errorf(chat.CodeFailed, "%w", err).WithHint("choose a home with a shorter path by --home")
	}
	defer release()
	l, err := listenPrivate(short)
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	return &listener{l, path}, nil
}

// listener accepts connections of its own user only.
type listener struct {
	*net.UnixListener
	path string
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if sameUser(c) {
			return c, nil
		}
		c.Close()
	}
}

func (l *listener) Close() error {
	os.Remove(l.path)
	return l.UnixListener.Close()
}

// Serve answers requests until ctx ends, then lets those under way end, and
// closes l. Contexts of requests end with ctx.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, l, &http.Server{Handler: h})
}

// serve is Serve with what else srv says.
func serve(ctx context.Context, l net.Listener, srv *http.Server) error {
	fresh := &newConns{}
	srv.ConnState = fresh.note
	srv.ReadHeaderTimeout = headerTimeout
	srv.MaxHeaderBytes = maxHeader
	srv.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.ErrorLog = log.New(io.Discard, "", 0)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	fresh.close() // Shutdown would wait for what they may yet ask
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if srv.Shutdown(drain) != nil {
		srv.Close()
	}
	<-served
	return nil
}
