package storage

import "sync"

// changed tells any number of waiters of the next commit.
type changed struct {
	mu sync.Mutex
	ch chan struct{}
}

func (c *changed) init() { c.ch = make(chan struct{}) }

func (c *changed) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch
}

func (c *changed) broadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.ch)
	c.ch = make(chan struct{})
}
