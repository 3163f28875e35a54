// Package welcome is the first run in full screen: a few questions before there is
// a node, then the words, the link and the people nearby. Link and Nearby are
// components that other screens of Bubble Tea can show too.
//
// Everything takes place on the terminal's alternate screen, so that no secret stays
// on it. One goroutine, Bubble Tea's, owns every model; what takes time runs beside
// it, ends with the context, and comes back as a message. What others wrote reaches
// the screen through term.Printable alone (rule 33).
package welcome

import (
	"context"
	"errors"
	"io"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// Options say where the first run takes place, and what there is to ask.
type Options struct {
	In  io.Reader
	Out io.Writer
	Env []string // of the terminal: TERM, NO_COLOR and the like; nil: this process's

	CheckName       func(name string) error // what is wrong with a name that is not empty; nil: nothing
	CheckPassphrase func(pass []byte) error // likewise
	AskPassphrase   bool                    // none is given otherwise
	AskNearby       bool                    // this network is looked at: ask who may see me, show who is there
	Words           string                  // for Show: the 24 words of the account
}

// Answers are what the user chose. Who asked clears Passphrase after use.
type Answers struct {
	Name       string // empty: none, and that is meant
	Passphrase []byte // nil: none
	Nearby     bool   // people on this network may see me
}

// API is what the first run wants of a node. *client.Client is one.
type API interface {
	Link(ctx context.Context) (string, error)
	Nearby(ctx context.Context) ([]client.Neighbour, error)
	Contacts(ctx context.Context) ([]client.Contact, error)
	Add(ctx context.Context, in client.AddRequest) (client.Changed, error)
}

// Ask asks what must be known before there is a node. It returns io.EOF if the user
// left, and the context's error once that has ended.
func Ask(ctx context.Context, opt Options) (Answers, error) {
	f, answers := newAsk(opt)
	if err := run(ctx, f, opt); err != nil {
		answers.wipe()
		return Answers{}, err
	}
	return answers.take(), nil
}

// Show shows a new account: its words, its link, and who is nearby. It returns like
// Ask.
func Show(ctx context.Context, api API, opt Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return run(ctx, newShow(ctx, api, opt), opt)
}

func run(ctx context.Context, f *flow, opt Options) error {
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithInput(opt.In), tea.WithOutput(opt.Out), tea.WithoutSignalHandler()}
	if opt.Env != nil {
		options = append(options, tea.WithEnvironment(opt.Env))
	}
	_, err := tea.NewProgram(f, options...).Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !errors.Is(err, tea.ErrProgramKilled):
		return err
	case !f.done():
		return io.EOF
	}
	return nil
}
