package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

// progressPause is the least time between two lines of progress.
const progressPause = 100 * time.Millisecond

// compact rewrites the store. Its answer is lines of JSON: how far it is, and
// last the outcome. What is refused before the first line has a status of its own.
func (s *server) compact(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if _, err := decode[empty](r); err != nil {
		fail(w, failure(r, err))
		return
	}
	out := &lines{w: w}
	c, err := s.node.Compact(r.Context(), out.progress)
	switch {
	case err == nil:
		out.put(client.CompactStep{Result: &client.Compacted{Before: c.Before, After: c.After}})
	case out.begun():
		out.put(client.CompactStep{Error: failure(r, err)})
	default:
		fail(w, failure(r, err))
	}
}

// lines writes a stream of lines of JSON.
type lines struct {
	w    http.ResponseWriter
	last time.Time // zero: none was written
}

func (l *lines) begun() bool { return !l.last.IsZero() }

func (l *lines) progress(done, total uint64) {
	if time.Since(l.last) >= progressPause {
		l.put(client.CompactStep{Done: done, Total: total})
	}
}

func (l *lines) put(step client.CompactStep) {
	if !l.begun() {
		h := l.w.Header()
		h.Set("Content-Type", "application/jsonl")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
	}
	l.last = time.Now()
	e := json.NewEncoder(l.w)
	e.SetEscapeHTML(false)
	e.Encode(step) // an error means that the client is gone
	http.NewResponseController(l.w).Flush()
}
