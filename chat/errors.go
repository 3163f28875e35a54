package chat

import (
	"fmt"

	"github.com/truce-im/truce/chat/wire"
)

// Code is the kind of a failure that a user can act on.
type Code string

// The codes, and the exit status that the command line gives them.
const (
	CodeUsage     Code = "usage"     // 2: what was asked for cannot be
	CodeNotFound  Code = "not_found" // 3
	CodeAmbiguous Code = "ambiguous" // 3: more than one fits
	CodeRefused   Code = "refused"   // 4: a rule forbids it
	CodeTimeout   Code = "timeout"   // 5
	CodeFailed    Code = "failed"    // 1: the machine would not
)

// Error is a failure told in words a newcomer understands. Hint is the next
// step, or empty.
type Error struct {
	Code    Code
	Message string
	Hint    string
	Err     error // the cause, or nil
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is match on the code alone, so that errors.Is(err,
// ErrNotFound) holds for every error of that code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Message == ""
}

// Errors to compare with by errors.Is.
var (
	ErrUsage     = &Error{Code: CodeUsage}
	ErrNotFound  = &Error{Code: CodeNotFound}
	ErrAmbiguous = &Error{Code: CodeAmbiguous}
	ErrRefused   = &Error{Code: CodeRefused}
	ErrFailed    = &Error{Code: CodeFailed}
)

// Errorf makes an Error without a hint.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: err}
}

// InputError is the error of a check in package wire told to who typed it: what
// is over a limit is refused by rule, anything else is wrong usage. nil stays
// nil.
func InputError(err error) error {
	switch wire.ErrorClass(err) {
	case "":
		if err == nil {
			return nil
		}
	case "text-length", "name-length", "note-length":
		return Errorf(CodeRefused, "%w", err)
	}
	return Errorf(CodeUsage, "%w", err)
}

// WithHint returns e with the next step added.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}
