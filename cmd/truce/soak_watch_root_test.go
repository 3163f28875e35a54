//go:build root && linux

package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

// watching runs `truce watch` for as long as the soak, and goes on after the
// last cursor whenever its node went away.
type watching struct {
	p      *soaker
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	cursor string
	last   map[string]client.Message // by id
	texts  map[string][]string       // that each had, one after the other
	fault  string                    // the first; "": none
}

// watch begins to watch, and returns when it does.
func watch(p *soaker) *watching {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watching{
		p: p, cancel: cancel, ended: make(chan struct{}),
		last: map[string]client.Message{}, texts: map[string][]string{},
	}
	began := make(chan struct{})
	begin := sync.OnceFunc(func() { close(began) })
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			w.once(ctx, begin)
			<-tick.C
		}
	}()
	<-began
	return w
}

func (w *watching) end() {
	w.cancel()
	<-w.ended
}

// once reads until the command ends, as it does when the node goes away.
func (w *watching) once(ctx context.Context, began func()) {
	args := []string{"watch"}
	if w.cursor != "" {
		args = append(args, "--since", w.cursor)
	}
	cmd := w.p.command(args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.blame("%v", err)
		return
	}
	if err := cmd.Start(); err != nil {
		w.blame("%v", err)
		return
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			break
		}
		w.take(line)
		began()
	}
	io.Copy(io.Discard, out)
	cmd.Wait()
}

func (w *watching) blame(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == "" {
		w.fault = fmt.Sprintf(format, args...)
	}
}

// take checks one event against those before it.
func (w *watching) take(line []byte) {
	var e client.Event
	if err := json.Unmarshal(line, &e); err != nil {
		w.blame("cannot read %q: %v", line, err)
		return
	}
	if e.Event == client.EventReset {
		w.blame("cursor %s was not known any more", w.cursor)
	}
	if e.Message != nil {
		w.takeMessage(*e.Message)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cursor = e.Cursor
}

// ranks are the states in which a message goes only forwards.
var ranks = map[string]int{"queued": 1, "delivered": 2, "received": 2, "read": 3, "failed": 4}

func (w *watching) takeMessage(m client.Message) {
	w.mu.Lock()
	before := w.last[m.ID]
	w.last[m.ID] = m
	if texts := w.texts[m.ID]; !m.Deleted && (len(texts) == 0 || texts[len(texts)-1] != m.Text) {
		w.texts[m.ID] = append(texts, m.Text)
	}
	w.mu.Unlock()
	failed := m.State == "failed" && (!m.Deleted || !withdrawn(m.State, m.Why) || ranks[before.State] > 1 && before.State != "failed")
	if failed || ranks[m.State] == 0 || ranks[m.State] < ranks[before.State] {
		w.blame("%s went from %q to %q, %s", m.ID, before.State, m.State, m.Why)
	}
	if before.Deleted && !m.Deleted {
		w.blame("%s is there again after its deletion", m.ID)
	}
}

// difference tells in what the stream so far is not what the model says of its
// person's messages, or "".
func (w *watching) difference(list []*said) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != "" {
		return fmt.Sprintf("%s's watch: %s", w.p.name, w.fault)
	}
	for _, x := range list {
		m, ok := w.last[x.id]
		if !ok && x.deleted && x.to == w.p {
			continue // deleted before it was ever sent
		}
		difference := x.differs(w.p, row{
			ID: m.ID, Direction: m.Direction, State: m.State, Why: m.Why, Text: m.Text, Deleted: m.Deleted, Reactions: m.Reactions,
		})
		if difference == "" && !subsequence(w.texts[x.id], x.texts) {
			difference = "texts that came in another order"
		}
		if !ok || difference != "" {
			return fmt.Sprintf("%s's watch told of %s (at all: %v) otherwise than the model: %s", w.p.name, x.key, ok, difference)
		}
	}
	return ""
}

func subsequence(part, whole []string) bool {
	for _, text := range part {
		i := slices.Index(whole, text)
		if i < 0 {
			return false
		}
		whole = whole[i+1:]
	}
	return true
}
