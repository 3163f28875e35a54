package storage

// Settings that the store keeps of itself.
const (
	// RewriteDue is set, to the reason, when the store should be rewritten under
	// a new data key (rule 26). A rewrite removes it.
	RewriteDue = "rewrite_due"
	// Rewritten is when the store was last rewritten, in unix milliseconds.
	Rewritten = "rewritten"
)

// Reasons for which a rewrite is due.
const (
	DueDeleted = "deleted" // the file may still hold what was deleted
	DueKey     = "key"     // somebody may know the data key
)

// Marked returns a channel that is closed by the next commit that sets
// RewriteDue. Take it before looking.
func (s *Store) Marked() <-chan struct{} { return s.marks.wait() }

// markDeleted marks the store unless it is marked. While it is rewritten it is
// marked again: what is deleted now may have been copied already.
func (w *writer) markDeleted() error {
	if w.marked || w.s.marked {
		return nil
	}
	why, err := w.Setting(RewriteDue)
	if err != nil {
		return err
	}
	if why != "" && w.s.touched == nil {
		w.marked = true
		return nil
	}
	if why == "" {
		why = DueDeleted
	}
	return w.PutSetting(RewriteDue, why)
}
