package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/chat/wire"
)

// between accepts min to max arguments; max < 0 is any number.
func between(min, max int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		e := usagef("the command is: %s", cmd.UseLine())
		e.Hint = fmt.Sprintf("see `truce help %s`", cmd.Name())
		switch {
		case len(args) < min:
			e.Message = "something is missing; " + e.Message
			return e
		case max >= 0 && len(args) > max:
			e.Message = fmt.Sprintf("%q is too much; %s", args[max], e.Message)
			return e
		}
		return nil
	}
}

// checkWho refuses what can be nobody: so far only an address with a typing
// error can be told from a petname.
func checkWho(who string) error {
	switch {
	case who == "":
		return usagef("the name of whom you mean is empty")
	case !utf8.ValidString(who):
		return usagef("%q is neither a name nor an address", who)
	case len(who) != wire.AddressLen:
		return nil
	}
	_, err := wire.ParseAccount(who)
	if class := wire.ErrorClass(err); class == "address-checksum" || class == "address-version" {
		return usagef("%v", err)
	}
	return nil
}

// minID is the fewest digits that may stand for a message id.
const minID = 6

func checkID(id string) error {
	if len(id) < minID {
		return usagef("%q is too short for a message id: give at least the first %d of its %d digits, as `truce history` shows them",
			id, minID, 2*len(wire.MessageID{}))
	}
	if len(id) > 2*len(wire.MessageID{}) || strings.Trim(id, "0123456789abcdefABCDEF") != "" {
		return usagef("%q is no message id: `truce history` shows them", id)
	}
	return nil
}

// checkName accepts an empty name: none is chosen.
func checkName(name string) error {
	if name == "" {
		return nil
	}
	return chat.InputError(wire.CheckName(name))
}

// keyFlag adds --key, which makes a write safe to repeat.
func keyFlag(cmd *cobra.Command) {
	cmd.Flags().String("key", "", "repeating with the same key does nothing twice")
	inner := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		key, _ := cmd.Flags().GetString("key")
		if utf8.RuneCountInString(key) > chat.MaxKey || !utf8.ValidString(key) {
			return usagef("a key has at most %d characters of UTF-8", chat.MaxKey)
		}
		return inner(cmd, args)
	}
}

// key is what the user gave as --key, else a new one: the command itself may
// have to repeat a request to a node that dies or hands over.
func key(cmd *cobra.Command) string {
	if k, _ := cmd.Flags().GetString("key"); k != "" {
		return k
	}
	return newKey()
}

// readInput reads standard input of at most limit bytes, and drops one newline
// from its end.
func (a *app) readInput(ctx context.Context, limit int) (string, error) {
	b, err := readUntil(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(a.In, int64(limit)+2))
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return "", err
	case err != nil:
		return "", fmt.Errorf("standard input: %w", err)
	}
	text := strings.TrimSuffix(string(b), "\n")
	if len(text) > limit {
		return "", errTooLong
	}
	return text, nil
}

var errTooLong = errors.New("the input is too long")

// text joins args to a message, or reads it from standard input if they are "-".
func (a *app) text(ctx context.Context, args []string) (string, error) {
	text := strings.Join(args, " ")
	if text == "-" {
		var err error
		text, err = a.readInput(ctx, wire.MaxText)
		if errors.Is(err, errTooLong) {
			return "", refusedf("a message has at most %d bytes, this one has more", wire.MaxText)
		}
		if err != nil {
			return "", err
		}
	}
	return text, chat.InputError(wire.CheckText(text))
}
