package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
	"github.com/truce-im/truce/node/api/client"
)

// decode reads the body strictly: one JSON object and nothing else, no fields
// that are not known.
func decode[T any](r *http.Request) (in T, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err = d.Decode(&in); err == nil {
		if _, err = d.Token(); err == io.EOF {
			return in, nil
		}
		err = cmpError(err, "there is something after the JSON object")
	}
	return in, chat.Errorf(chat.CodeUsage, "the body of the request cannot be read: %w", err)
}

// cmpError returns err, or a new error of that text if there is none.
func cmpError(err error, text string) error {
	if err == nil {
		return errors.New(text)
	}
	return err
}

// empty is the body of a request that says it all by its path.
type empty struct{}

func answer(w http.ResponseWriter, status int, out any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(out) // an error means that the client is gone
}

func fail(w http.ResponseWriter, e *client.Error) {
	answer(w, status[e.Code], client.Failure{Error: e})
}

var status = map[string]int{
	client.CodeUsage:       http.StatusBadRequest,
	client.CodeNotFound:    http.StatusNotFound,
	client.CodeAmbiguous:   http.StatusConflict,
	client.CodeRefused:     http.StatusForbidden,
	client.CodeTimeout:     http.StatusRequestTimeout,
	client.CodeFailed:      http.StatusInternalServerError,
	client.CodeUnavailable: http.StatusServiceUnavailable,
}

// failure turns err, with which the request r ended, into what the client is
// told.
func failure(r *http.Request, err error) *client.Error {
	var rule *chat.Error
	var form *wire.Error
	switch {
	case r.Context().Err() != nil:
		return &client.Error{Code: client.CodeUnavailable, Message: "the node is stopping"}
	case errors.As(err, &rule):
		return &client.Error{Code: string(rule.Code), Message: rule.Message, Hint: rule.Hint}
	case errors.As(err, &form):
		return &client.Error{Code: client.CodeUsage, Message: form.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &client.Error{Code: client.CodeTimeout, Message: "time ran out"}
	}
	return &client.Error{Code: client.CodeFailed, Message: err.Error()}
}
