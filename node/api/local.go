package api

import (
	"bytes"
	"io"
	"net/http"
)

// Local returns a transport that hands requests straight to h, for a command
// that has opened the store by itself. Answers are held until they are whole:
// event streams do not work over it.
func Local(h http.Handler) http.RoundTripper { return local{h} }

type local struct{ http.Handler }

func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	l.ServeHTTP(w, in)
	return &http.Response{
		Status:        http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}, nil
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
