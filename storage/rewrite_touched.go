package storage

import "sync"

// place is where a row stands.
type place struct {
	b   bucket
	key string
}

// touched are the rows that commits changed since they were last copied. Each
// stands here once, so what is written often costs no more. It is safe for
// concurrent use.
type touched struct {
	mu     sync.Mutex
	places map[place]struct{}
	marked bool // the store was marked since the rewrite began
}

func (t *touched) add(places []place) {
	if t == nil || len(places) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.places == nil {
		t.places = map[place]struct{}{}
	}
	for _, p := range places {
		t.places[p] = struct{}{}
		t.marked = t.marked || p == place{bucketSettings, RewriteDue}
	}
}

// take returns the places, in no order, and forgets them.
func (t *touched) take() (list []place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.places {
		list = append(list, p)
	}
	t.places = nil
	return list
}

func (t *touched) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.places)
}

// touch notes that the row under key will be another once w is committed. Rows
// that are appended to the journal need no note: a rewrite follows its end.
func (w *writer) touch(b bucket, key []byte) {
	if w.s.touched == nil {
		return
	}
	switch b {
	case bucketMeta, bucketRuns, bucketNumbers, bucketPositions, bucketOrders, bucketIDs:
		return // made anew
	case bucketPeers, bucketCards, bucketPictures:
		key = nil // copied all together
	case bucketJournal:
		if number64(key) > w.s.state.Load().cursor {
			return
		}
	}
	w.touched = append(w.touched, place{b, string(key)})
}
