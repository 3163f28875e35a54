package client

import "errors"

// ErrUnreachable says that no node answered, or that it went away before its
// answer was whole.
var ErrUnreachable = errors.New("no node answers")

// Codes of an Error. More may be added.
const (
	CodeUsage       = "usage"       // what was asked for cannot be
	CodeNotFound    = "not_found"   // no such person, message or route
	CodeAmbiguous   = "ambiguous"   // more than one fits
	CodeRefused     = "refused"     // a rule forbids it
	CodeTimeout     = "timeout"     // time ran out
	CodeFailed      = "failed"      // the machine would not
	CodeUnavailable = "unavailable" // the node is stopping: ask again
)

// Error is what the node answered instead of a result. Hint is the next step,
// or empty.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (e *Error) Error() string { return e.Message }

// Is makes a stopping node count as one that did not answer.
func (e *Error) Is(target error) bool {
	return target == ErrUnreachable && e.Code == CodeUnavailable
}

// Failure is the body of every answer that is not a result.
type Failure struct {
	Error *Error `json:"error"`
}
