// Package tui is the full-screen chat: the people on the left, the conversation
// on the right, the line to write in below. It knows the node by the API's client
// alone. One goroutine, Bubble Tea's, owns everything; what takes time runs beside
// it and comes back as a message.
//
// What others wrote reaches the screen through term.Printable alone (rule 33).
package tui

import (
	"context"
	"errors"
	"io"

	tea "charm.land/bubbletea/v2"

	"github.com/truce-im/truce/node/api/client"
)

// ErrStopped says that the node ended.
var ErrStopped = errors.New("the node was stopped")

// Options say where the chat takes place.
type Options struct {
	In  io.Reader
	Out io.Writer
	Env []string // of the terminal: TERM, NO_COLOR and the like; nil: this process's
	Own bool     // the node ends with the chat, unless the user wants it to go on
}

// Run chats until the user leaves or ctx ends, for which it returns nil, or the
// node stops: ErrStopped. It reports whether a node of its own is to go on running
// without the screen.
func Run(ctx context.Context, api *client.Client, opt Options) (stay bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithInput(opt.In), tea.WithOutput(opt.Out), tea.WithoutSignalHandler()}
	if opt.Env != nil {
		options = append(options, tea.WithEnvironment(opt.Env))
	}
	m := newModel(node{ctx, api}, opt)
	p := tea.NewProgram(m, options...)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		m.node.follow(p.Send)
	}()
	_, err = p.Run()
	cancel()
	<-followed
	if err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		return false, err
	}
	return m.stay, m.err
}
