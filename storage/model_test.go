package storage_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/truce-im/truce/chat"
	"github.com/truce-im/truce/storage"
)

// TestModel drives a store with random updates from several goroutines, closes
// it, breaks its commits and kills it, and compares it with plain maps after
// each round. TRUCE_SEED repeats a run (but for how goroutines meet),
// TRUCE_STORES makes more of them.
func TestModel(t *testing.T) {
	seed := number(t, "TRUCE_SEED", rand.Uint64())
	stores := number(t, "TRUCE_STORES", 6)
	t.Logf("TRUCE_SEED=%d TRUCE_STORES=%d", seed, stores)
	for n := range stores {
		h := &harness{t: t, rng: rand.New(rand.NewPCG(seed, n)), want: newMemory(), path: filepath.Join(t.TempDir(), "store")}
		h.live(25)
		t.Logf("%d updates, %d failed, %d in doubt of which %d landed, %d rewrites; journal of %d", h.updates, h.failed, h.doubts, h.landed, h.rewritten, h.want.Cursor())
	}
}

// live is the life of one store.
func (h *harness) live(rounds int) {
	h.open()
	defer func() { h.s.Close() }()
	defer h.watch()()
	for n := range rounds {
		if h.round(n); h.t.Failed() {
			h.t.FailNow()
		}
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	v, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// harness holds the store and the model that it must equal.
type harness struct {
	t    *testing.T
	rng  *rand.Rand
	path string
	s    *storage.Store
	want *memory

	store     atomic.Pointer[storage.Store] // s, for the watcher
	old, new  [32]byte                      // the data key is one of these
	updates   int
	failed    int
	doubts    int
	landed    int
	rewritten int

	mu    sync.Mutex
	fault fault  // what befalls a coming commit
	after int    // commits that pass before
	coin  int    // decides the details
	shut  int    // openings that fail
	image []byte // what a killed process leaves on disk; nil: what is there
}

// fault is what befalls a commit.
type fault int

const (
	faultNone   fault = iota
	faultBefore       // it fails before anything is written
	faultAfter        // it is written and said to have failed
	faultFull         // the file cannot grow
	faultPanic        // bbolt panics
	faultShut         // it fails and the file cannot be opened again for a while
	faultKill         // the process dies after it is written
	faultTorn         // the process dies while it is written
	faults
)

var errInjected = errors.New("injected")

func (h *harness) open() {
	opt := storage.Options{Key: h.whichKey()}.WithRewrite(1+h.rng.IntN(20), nil).WithTail(1 + h.rng.IntN(40)).WithPage(1 + h.rng.IntN(8)).WithCommit(h.commit).WithOpen(h.openFile)
	s, err := storage.Open(h.path, opt)
	if err != nil {
		h.t.Fatal(err)
	}
	h.s = s
	h.store.Store(s)
}

func (h *harness) openFile(path string, open func(string) (*bbolt.DB, error)) (*bbolt.DB, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shut > 0 {
		h.shut--
		return nil, errInjected
	}
	return open(path)
}

func (h *harness) commit(tx *bbolt.Tx) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.after--; h.after >= 0 {
		return tx.Commit()
	}
	f := h.fault
	h.fault = faultNone
	switch f {
	case faultBefore:
		return errors.Join(tx.Rollback(), errInjected)
	case faultAfter:
		return errors.Join(tx.Commit(), errInjected)
	case faultFull:
		db := tx.DB()
		db.MaxSize = int(tx.Size())
		defer func() { db.MaxSize = 0 }()
		return tx.Commit()
	case faultPanic:
		panic("injected")
	case faultShut:
		h.shut = 2
		if h.coin%2 == 0 {
			return errors.Join(tx.Commit(), errInjected)
		}
		return errors.Join(tx.Rollback(), errInjected)
	case faultKill:
		h.shut = 1 << 30
		return errors.Join(tx.Commit(), errInjected)
	case faultTorn:
		h.shut = 1 << 30
		return h.tear(tx)
	}
	return tx.Commit()
}

// tear commits, and keeps what the disk would hold had the process died before
// the page that makes the commit count was whole.
func (h *harness) tear(tx *bbolt.Tx) error {
	page, id := os.Getpagesize(), tx.ID()
	old, err := os.ReadFile(h.path)
	if err != nil {
		return err
	}
	err = tx.Commit()
	image, readErr := os.ReadFile(h.path)
	old = append(old, make([]byte, max(0, len(image)-len(old)))...)
	for at := 2 * page; at < len(image); at += page {
		if (h.coin>>(at/page%16))&1 == 0 {
			copy(image[at:at+page], old[at:at+page])
		}
	}
	meta := id % 2 * page
	copy(image[meta:meta+page], old[meta:meta+page])
	if h.coin%2 == 0 { // half of it is there
		for i := range 40 {
			image[meta+16+i] ^= byte(i)
		}
	}
	h.image = image
	return errors.Join(err, readErr, errInjected)
}

// attempt is one update and what became of it.
type attempt struct {
	script  script
	note    uint64   // number of the note that it begins with
	answers []string // what it read
	err     error
}

// round lets some goroutines update at once and compares what comes of it.
func (h *harness) round(n int) {
	h.mu.Lock()
	h.fault, h.after, h.coin = faultNone, h.rng.IntN(4), h.rng.IntN(1<<16)
	if h.rng.IntN(2) == 0 {
		h.fault = fault(h.rng.IntN(int(faults)))
	}
	what := h.fault
	h.mu.Unlock()

	var rewriting sync.WaitGroup
	if h.rng.IntN(3) == 0 {
		rewriting.Go(h.rewrite)
	}
	attempts := h.run(n, 1+h.rng.IntN(4), 1+h.rng.IntN(4))
	rewriting.Wait()
	h.mu.Lock()
	dead := h.shut > 3
	h.mu.Unlock()
	if dead {
		h.revive()
	} else if h.rng.IntN(8) == 0 {
		h.restart()
	}
	h.settle(attempts)
	h.compare(fmt.Sprintf("after round %d with fault %d", n, what))
}

func (h *harness) run(round, goroutines, each int) []*attempt {
	var attempts []*attempt
	var wg sync.WaitGroup
	for g := range goroutines {
		var mine []*attempt
		for i := range each {
			mine = append(mine, &attempt{script: script{name: fmt.Sprintf("%d/%d/%d", round, g, i), seed: h.rng.Uint64()}})
		}
		attempts = append(attempts, mine...)
		wg.Go(func() {
			for _, a := range mine {
				a.err = h.s.Update(func(tx chat.Tx) (err error) {
					a.note = tx.Cursor() + 1
					a.answers, err = a.script.run(tx)
					return err
				})
			}
		})
	}
	wg.Wait()
	return attempts
}

// rewrite rewrites the store, if nothing befalls it.
func (h *harness) rewrite() {
	fresh := [32]byte{byte(h.rewritten), 9, 9}
	r, err := h.s.Rewrite(h.t.Context(), storage.RewriteOptions{Key: fresh})
	if err != nil {
		return // the store is shut
	}
	defer r.Close()
	if r.Copy(h.t.Context()) != nil {
		return
	}
	switched, _ := r.Switch(func() error { h.new = fresh; return nil })
	if switched {
		h.old = fresh
		h.rewritten++
	}
}

// whichKey is what is done after a crash.
func (h *harness) whichKey() [32]byte {
	if errors.Is(storage.CheckKey(h.path, h.old), storage.ErrWrongKey) {
		return h.new
	}
	return h.old
}

// restart is a clean stop and a start.
func (h *harness) restart() {
	if err := h.s.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	h.shut = 0
	h.mu.Unlock()
	h.open()
}

// revive is the next start of a process that died.
func (h *harness) revive() {
	h.s.Close()
	h.mu.Lock()
	image := h.image
	h.shut, h.image = 0, nil
	h.mu.Unlock()
	if image != nil {
		if err := os.WriteFile(h.path, image, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	h.open()
}

// settle applies to the model, in the order of the journal, what must be in the
// store.
func (h *harness) settle(attempts []*attempt) {
	var done []*attempt
	for _, a := range attempts {
		h.updates++
		switch {
		case a.err == nil:
			done = append(done, a)
		case errors.Is(a.err, errScript):
		case errors.Is(a.err, storage.ErrBroken):
			h.doubts++
			if h.has(a) {
				h.landed++
				done = append(done, a)
			}
		default:
			h.failed++
		}
	}
	slices.SortFunc(done, func(a, b *attempt) int { return cmp.Compare(a.note, b.note) })
	for _, a := range done {
		var answers []string
		err := h.want.update(func(tx chat.Tx) (err error) {
			if tx.Cursor()+1 != a.note {
				h.t.Errorf("%s stands at %d, should at %d", a.script.name, a.note, tx.Cursor()+1)
			}
			answers, err = a.script.run(tx)
			return err
		})
		if err != nil {
			h.t.Fatalf("%s: the model says %v", a.script.name, err)
		}
		if i := firstDifference(answers, a.answers); i >= 0 {
			h.t.Errorf("%s read\n%s\nshould\n%s", a.script.name, a.answers[i], answers[i])
		}
	}
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// has reports whether an update whose outcome was not known is in the store.
func (h *harness) has(a *attempt) (has bool) {
	for { // a store that was shut opens again after some calls
		err := h.s.View(func(r chat.Reader) error {
			for c, err := range r.Journal(a.note - 1) {
				has = c.Name == a.script.name
				return err
			}
			return nil
		})
		if err == nil {
			return has
		}
		if !errors.Is(err, storage.ErrBroken) {
			h.t.Fatal(err)
		}
	}
}

// compare looks at everything.
func (h *harness) compare(when string) {
	seed := h.rng.Uint64()
	want := dump(h.t, h.want, seed)
	var got map[string]any
	for {
		err := h.s.View(func(r chat.Reader) error {
			got = dump(h.t, r, seed)
			return nil
		})
		if err == nil {
			break
		}
		if !errors.Is(err, storage.ErrBroken) {
			h.t.Fatal(err)
		}
	}
	for what := range want {
		if !reflect.DeepEqual(got[what], want[what]) {
			h.t.Errorf("%s: %s is\n%+v\nshould be\n%+v", when, what, got[what], want[what])
			return
		}
	}
}

// watch reads all the time and checks that what it sees is whole and never goes
// back; it stops when what it returns is called.
func (h *harness) watch() (stop func()) {
	var wg sync.WaitGroup
	end := make(chan struct{})
	wg.Go(func() {
		for last := uint64(0); ; {
			select {
			case <-end:
				return
			default:
			}
			err := h.store.Load().View(func(r chat.Reader) error { return h.glance(r, &last) })
			if err != nil && !errors.Is(err, storage.ErrBroken) && !errors.Is(err, storage.ErrClosed) {
				h.t.Error(err)
				return
			}
		}
	})
	return func() { close(end); wg.Wait() }
}

// glance checks the end of the journal against the indexes.
func (h *harness) glance(r chat.Reader, last *uint64) error {
	now := r.Cursor()
	if now < *last {
		return fmt.Errorf("the cursor went back from %d to %d", *last, now)
	}
	*last = now
	n := now - min(now, 5)
	for c, err := range r.Journal(n) {
		if n++; err != nil || c.Cursor != n {
			return fmt.Errorf("row %d of %d: %+v, %w", n, now, c, err)
		}
		if c.Event == nil {
			continue
		}
		if e, err := r.Event(c.Log, c.Event.Seq); err != nil || e.Cursor != n {
			return fmt.Errorf("event %d of %d by position: %d, %w", n, now, e.Cursor, err)
		}
		if found, err := r.ByID(c.Event.ID); !c.Event.ID.IsZero() && (err != nil || found.Cursor > n) {
			return fmt.Errorf("event %d of %d by id: %w", n, now, err)
		}
	}
	if n != now {
		return fmt.Errorf("the journal ends at %d, the cursor is %d", n, now)
	}
	return nil
}
