package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// Exit statuses, as scripts rely on them. A signal ends with 128 and its number.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
	exitRefused  = 4
	exitTimeout  = 5
)

var exitOf = map[string]int{
	client.CodeUsage:     exitUsage,
	client.CodeNotFound:  exitNotFound,
	client.CodeAmbiguous: exitNotFound,
	client.CodeRefused:   exitRefused,
	client.CodeTimeout:   exitTimeout,
}

// Failures that commands have in common.
var (
	errNoAccount = &client.Error{
		Code:    client.CodeFailed,
		Message: "there is no account in this home yet",
		Hint:    "run `truce init` or `truce`",
	}
	errNoNode = &client.Error{
		Code:    client.CodeFailed,
		Message: "no node runs in this home",
		Hint:    "start one with `truce run` or `truce`",
	}
	errStopped = &client.Error{
		Code:    client.CodeFailed,
		Message: "the node was stopped",
		Hint:    "start it again with `truce run` or `truce`",
	}
	errHeld = &client.Error{
		Code:    client.CodeFailed,
		Message: "another process holds this home and does not answer",
		Hint:    "try again; if it stays so, end that process: the file pid in the home has its number",
	}
)

func usagef(format string, args ...any) *client.Error {
	return &client.Error{Code: client.CodeUsage, Message: fmt.Sprintf(format, args...)}
}

func failedf(format string, args ...any) *client.Error {
	return &client.Error{Code: client.CodeFailed, Message: fmt.Sprintf(format, args...)}
}

func refusedf(format string, args ...any) *client.Error {
	return &client.Error{Code: client.CodeRefused, Message: fmt.Sprintf(format, args...)}
}

// describe turns any error into one that has a code and words.
func describe(err error) *client.Error {
	var told *client.Error
	var rule *chat.Error
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &rule):
		return &client.Error{Code: string(rule.Code), Message: rule.Message, Hint: rule.Hint}
	case errors.Is(err, client.ErrUnreachable):
		return errHeld
	}
	return &client.Error{Code: client.CodeFailed, Message: err.Error()}
}

// report prints why the run failed and returns the exit status.
func (a *app) report(ctx context.Context, err error) int {
	var sig signalError
	if errors.As(context.Cause(ctx), &sig) {
		a.diagnose(&client.Error{Code: "interrupted", Message: sig.Error()})
		return sig.status()
	}
	e := describe(err)
	a.diagnose(e)
	if code, ok := exitOf[e.Code]; ok {
		return code
	}
	return exitFailed
}

func (a *app) diagnose(e *client.Error) {
	line := e.Message
	if e.Hint != "" {
		line += "; " + e.Hint
	}
	a.note("%s", line)
	if a.json {
		b, _ := term.JSON(client.Failure{Error: e}) // strings: cannot fail
		a.Err.Write(b)
	}
}

// note prints one line for people about what was done.
func (a *app) note(format string, args ...any) {
	line := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")
	fmt.Fprintln(a.Err, term.Printable("truce: "+line))
}

// flagError explains a flag that cannot be.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	e := usagef("%v", err)
	e.Hint = fmt.Sprintf("see `truce help %s`", cmd.Name())
	if !cmd.HasParent() {
		e.Hint = "see `truce help`"
	}
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			name = "-" + short
		}
		e.Message = fmt.Sprintf("%s has no flag %s", cmd.CommandPath(), name)
		switch {
		case name == "--version":
			e.Hint = "`truce version` tells it"
		case strings.Contains(cmd.Use, "TEXT…"):
			e.Hint = "text that begins with - goes after --"
		}
	case errors.As(err, &missing):
		e.Message = fmt.Sprintf("--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		e.Message = fmt.Sprintf("--%s cannot be %q", invalid.GetFlag().Name, invalid.GetValue())
		if invalid.GetFlag().Value.Type() == "duration" {
			e.Hint = "durations are written like 10s or 2m"
		}
	}
	return e
}
