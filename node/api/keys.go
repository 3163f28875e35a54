package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

// passphrase sets, changes or removes the passphrase. It is never logged, and
// the answer holds neither.
func (s *server) passphrase(r *http.Request) (any, error) {
	in, err := decode[client.PassphraseRequest](r)
	if err != nil {
		return nil, err
	}
	if err := s.node.SetPassphrase([]byte(in.Old), []byte(in.New)); err != nil {
		return nil, err
	}
	return client.Protection{Protected: s.node.Protected()}, nil
}

// stall is how long a client that takes a backup may take nothing of it: the
// store cannot let go of old pages meanwhile.
const stall = 30 * time.Second

// backup streams the home. An error on the way breaks the connection off; what
// the client then has is torn and is refused by a restore.
func (s *server) backup(w http.ResponseWriter, r *http.Request) {
	out := &patient{ResponseWriter: w, control: http.NewResponseController(w)}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "application/octet-stream")
	switch err := s.node.Backup(out); {
	case err == nil:
		out.control.SetWriteDeadline(time.Time{}) // for what follows on the connection
	case !out.begun:
		fail(w, failure(r, err))
	default:
		panic(http.ErrAbortHandler)
	}
}

// patient is a response whose every write has a deadline of its own.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (p *patient) Write(b []byte) (int, error) {
	p.begun = true
	if err := p.control.SetWriteDeadline(time.Now().Add(stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

// flush sends what was written. Over Local there is no need.
func (p *patient) flush() error {
	if err := p.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
