package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/truce-im/truce/node"
	"github.com/truce-im/truce/node/api/client"
	"github.com/truce-im/truce/node/keyfile"
)

// Where passphrases come from, besides a terminal.
const (
	passphraseFlag    = "passphrase-file"
	newPassphraseFlag = "new-passphrase-file"
	passphraseEnv     = "TRUCE_PASSPHRASE"
	newPassphraseEnv  = "TRUCE_NEW_PASSPHRASE"
)

// passphrase returns that of the home: from --passphrase-file or the
// environment, else asked for on the terminal, once in a run. The caller may
// overwrite it.
func (a *app) passphrase(ctx context.Context) ([]byte, error) {
	if a.pass == nil {
		pass, err := given(a.passFile, passphraseEnv)
		if err == nil && pass == nil {
			pass, err = a.ask(ctx, "Passphrase of this home: ")
		}
		if err == errNoPassphrase {
			return nil, nil // the node says what is missing
		}
		if err != nil {
			return nil, err
		}
		a.pass = pass
	}
	return bytes.Clone(a.pass), nil
}

// withPassphrase lets a node of cfg ask for the passphrase of its home, and
// gives the one that stands in a file or in the environment to a home that must
// be made.
func (a *app) withPassphrase(ctx context.Context, cfg node.Config) (node.Config, error) {
	cfg.Passphrase = func() ([]byte, error) { return a.passphrase(ctx) }
	if cfg.Protect != nil || node.Exists(a.home) {
		return cfg, nil
	}
	var err error
	cfg.Protect, err = given(a.passFile, passphraseEnv)
	return cfg, err
}

// stdin is the name of a file that stands for standard input.
const stdin = "-"

// given reads a passphrase from the first line of a file or, without one, from
// the environment. It is nil if there is none in either.
func given(file, env string) (pass []byte, err error) {
	switch text := os.Getenv(env); {
	case file != "":
		if pass, err = firstLine(file); err != nil {
			return nil, usagef("the passphrase cannot be read: %v", err)
		}
	case text == "":
		return nil, nil
	default:
		pass = []byte(text)
	}
	if err := keyfile.CheckPassphrase(pass); err != nil {
		return nil, usagef("%v", err)
	}
	return pass, nil
}

func firstLine(file string) ([]byte, error) {
	f := os.Stdin
	if file != stdin {
		var err error
		if f, err = os.Open(file); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	line := make([]byte, 0, 2*keyfile.MaxPassphrase) // one too long is refused by its check
	for c := make([]byte, 1); len(line) < cap(line); {
		switch _, err := io.ReadFull(f, c); { // no more than the line: what follows may be a message
		case err == io.EOF:
			return line, nil
		case err != nil:
			return nil, err
		case c[0] == '\n':
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		line = append(line, c[0])
	}
	return line, nil
}

// newPassphrase returns one to be set: from the file or the environment, else
// asked for twice on the terminal.
func (a *app) newPassphrase(ctx context.Context, file, env string) ([]byte, error) {
	pass, err := given(file, env)
	if pass != nil || err != nil {
		return pass, err
	}
	pass, err = a.ask(ctx, "New passphrase: ")
	if err != nil {
		return nil, err
	}
	if err := keyfile.CheckPassphrase(pass); err != nil {
		return nil, usagef("%v", err)
	}
	again, err := a.ask(ctx, "New passphrase, once more: ")
	if err == nil && !bytes.Equal(pass, again) {
		err = &client.Error{Code: client.CodeFailed, Message: "these two differ; nothing was changed", Hint: "try again"}
	}
	return pass, err
}

var errNoPassphrase = &client.Error{
	Code:    client.CodeFailed,
	Message: "this needs a passphrase, and nobody is here to be asked",
	Hint:    "run it on a terminal, or see `truce help passphrase`",
}

var errNoNewPassphrase = &client.Error{
	Code:    client.CodeFailed,
	Message: "the new passphrase is missing, and nobody is here to be asked",
	Hint:    "run it on a terminal, or give it by --" + newPassphraseFlag,
}

// ask reads a line from the terminal that is not shown; errNoPassphrase if there
// is none.
func (a *app) ask(ctx context.Context, prompt string) ([]byte, error) {
	if a.askSecret != nil {
		return a.askSecret(ctx, prompt)
	}
	in, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, errNoPassphrase
	}
	state, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	fmt.Fprint(a.Err, prompt)
	defer fmt.Fprintln(a.Err)
	pass, err := readUntil(ctx, func() ([]byte, error) { return term.ReadPassword(int(in.Fd())) })
	if ctx.Err() != nil {
		term.Restore(int(in.Fd()), state) // the read is left behind, without echo
	}
	if errors.Is(err, io.EOF) {
		err = errNoPassphrase
	}
	return pass, err
}

// readUntil gives up a read of a terminal when ctx ends: it cannot be broken
// off, so the program ends then, and the read with it.
func readUntil[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := read()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
