package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/node/api/client"
)

// search streams what is found, one message on each line, as it is found. An
// error after the first is the last line.
func (s *server) search(w http.ResponseWriter, r *http.Request) {
	text, opt, err := s.searchOptions(r)
	if err != nil {
		fail(w, failure(r, err))
		return
	}
	out := &patient{ResponseWriter: w, control: http.NewResponseController(w)}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for m, err := range s.chat.Search(r.Context(), text, opt) {
		switch {
		case err != nil && !out.begun:
			fail(w, failure(r, err))
			return
		case err != nil:
			lines.Encode(client.Failure{Error: failure(r, err)})
			return
		case !out.begun:
			searchHeader(w)
		}
		if lines.Encode(viewMessage(m)) != nil || out.flush() != nil {
			return
		}
	}
	if !out.begun {
		searchHeader(w)
	}
	out.control.SetWriteDeadline(time.Time{}) // for what follows on the connection
}

func searchHeader(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/jsonl")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
}

func (s *server) searchOptions(r *http.Request) (text string, opt chat.SearchOptions, err error) {
	query := r.URL.Query()
	opt.N = client.DefaultHits
	if n := query.Get("n"); n != "" {
		if opt.N, err = strconv.Atoi(n); err != nil || opt.N < 1 || opt.N > client.MaxHits {
			return "", opt, chat.Errorf(chat.CodeUsage, "n must be a number from 1 to %d", client.MaxHits)
		}
	}
	if who := query.Get("in"); who != "" {
		opt.In, err = s.chat.Resolve(who)
	}
	return query.Get("text"), opt, err
}
