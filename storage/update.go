package storage

import (
	"errors"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/truce-im/truce/chat"
)

// maxGroup bounds how many updates share a commit, and with it what a group
// that must be run again costs.
const maxGroup = 512

// request is one call of Update.
type request struct {
	fn       func(chat.Tx) error
	err      error
	panicked any
	done     chan struct{} // closed once the outcome stands
}

// queue holds the updates that wait for a commit.
type queue struct {
	mu   sync.Mutex
	list []*request
}

func (q *queue) push(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, r)
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

// take returns the next group. It waits for nobody, but lets those who are about
// to come do so: the ones that the last commit answered, who would else form a
// group of their own, and every message would wait for two commits.
func (q *queue) take() []*request {
	for n := 0; n < min(q.len(), maxGroup); {
		n = q.len()
		runtime.Gosched()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.list), maxGroup)
	group := q.list[:n:n]
	q.list = q.list[n:]
	return group
}

// Update runs fn and commits what it wrote. fn may run more than once, and in
// the goroutine of another update; if it panics, Update does. fn must not call
// the Store.
func (s *Store) Update(fn func(chat.Tx) error) error {
	if s.closed.Load() {
		return ErrClosed
	}
	r := &request{fn: fn, done: make(chan struct{})}
	s.queue.push(r)
	select {
	case s.lead <- struct{}{}:
		s.serve(r)
	case <-r.done:
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.err
}

// serve commits groups of updates until mine is done; the others that wait take
// over then. Whoever calls it holds the lead, and loses it.
func (s *Store) serve(mine *request) {
	defer func() { <-s.lead }()
	for !mine.finished() {
		s.commitGroup(s.queue.take())
	}
}

func (r *request) finished() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// commitGroup runs the updates of group, in order, in one transaction. One that
// fails after it has written takes the transaction with it: the others are run
// again without it. All are answered once the commit stands, for what they saw
// may be the writes of one another.
func (s *Store) commitGroup(group []*request) {
	finished := false
	defer func() {
		for _, r := range group {
			if !finished {
				r.err = failed(ErrBroken, "an update ended its goroutine") // runtime.Goexit
			}
			close(r.done)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if err := s.revive(); err != nil {
		answer(group, err)
	} else if err := s.tryGroup(group); err != nil {
		answer(group, err)
	}
	finished = true
}

func answer(group []*request, err error) {
	for _, r := range group {
		r.err, r.panicked = err, nil
	}
}

// tryGroup leaves each request's own outcome in it, and returns what went wrong
// for all.
func (s *Store) tryGroup(group []*request) error {
	for {
		w, err := s.beginWrite()
		if err != nil {
			return err
		}
		again, err := s.runGroup(w, group)
		if err == errNoRun {
			err = s.ready()
		}
		if err != nil || !again {
			return err
		}
		group = unfailed(group)
	}
}

// unfailed returns those that have not failed. What failed keeps its outcome.
func unfailed(group []*request) []*request {
	var rest []*request
	for _, r := range group {
		if r.err == nil && r.panicked == nil {
			rest = append(rest, r)
		}
	}
	return rest
}

// runGroup runs group in w and commits, or reports that it must be done again.
// A run's first writes are done twice: the run's key is committed before them,
// but not before it is sure that there is something to write.
func (s *Store) runGroup(w *writer, group []*request) (again bool, err error) {
	trial := s.sealer == nil
	if trial {
		if s.sealer, err = w.newSealer(); err != nil {
			return false, errors.Join(err, w.tx.Rollback())
		}
		defer func() { s.sealer = nil }()
	}
	defer w.tx.Rollback() // nothing to do once committed
	begun := w.writes
	for _, r := range group {
		before := w.writes
		if w.run(r); (r.err != nil || r.panicked != nil) && w.writes != before {
			return true, nil
		}
	}
	switch {
	case w.writes == begun:
		return false, nil
	case trial:
		return true, errNoRun
	}
	return false, s.commit(w)
}

// errNoRun is returned by runGroup for a group that would write before this run
// has a key.
var errNoRun = errors.New("this run has no key yet")

func (w *writer) run(r *request) {
	defer func() { r.panicked = recover() }()
	r.err = r.fn(w)
}
