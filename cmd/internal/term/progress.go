package term

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Unit is what a Progress counts.
type Unit int

// The units.
const (
	Bytes  Unit = iota // shown as kB, MB, GB
	Things             // shown as a number
)

// When a bar appears, and how often it is drawn at most.
const (
	progressDelay = time.Second
	progressPause = 100 * time.Millisecond
)

// Progress shows on a terminal how far something is that takes longer than a
// second; nowhere else it shows anything. It draws within Add alone and has no
// goroutine. It belongs to one goroutine. The caller owes Done before anything
// else is written to the terminal.
type Progress struct {
	w     io.Writer // nil: shows nothing
	width func() int
	what  string
	unit  Unit
	total int64
	done  int64
	next  time.Time // not drawn before
	shown bool
}

// NewProgress returns the progress of what, which must be printable, on w. A
// total of 0 is not known; one that turns out too small is taken for the
// amount done.
func NewProgress(w io.Writer, what string, total int64, unit Unit) *Progress {
	if !IsTerminal(w) {
		w = nil
	}
	return newProgress(w, func() int { return Width(w) }, what, total, unit)
}

func newProgress(w io.Writer, width func() int, what string, total int64, unit Unit) *Progress {
	return &Progress{w: w, width: width, what: what, unit: unit, total: total, next: time.Now().Add(progressDelay)}
}

// Add tells that n more are done.
func (p *Progress) Add(n int64) {
	p.done += n
	now := time.Now()
	if p.w == nil || now.Before(p.next) {
		return
	}
	p.next = now.Add(progressPause)
	p.shown = true
	fmt.Fprintf(p.w, "\r%s\x1b[K", p.line())
}

// Done takes the bar away.
func (p *Progress) Done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// Write counts the bytes of b, so that a Progress can stand behind an
// io.MultiWriter or io.TeeReader. It never fails.
func (p *Progress) Write(b []byte) (int, error) {
	p.Add(int64(len(b)))
	return len(b), nil
}

// barWidth is that of the bar itself; a narrow terminal gets none.
const barWidth = 20

// line is what is shown now, one column narrower than the terminal.
func (p *Progress) line() string {
	width := p.width() - 1
	text := p.what + "  " + p.amount(p.done)
	if p.total > 0 {
		total := max(p.total, p.done)
		text = fmt.Sprintf("%s %3d%%  %s of %s", p.what, 100*p.done/total, p.amount(p.done), p.amount(total))
		if len([]rune(text))+barWidth+4 <= width {
			full := int(barWidth * p.done / total)
			text += "  [" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
		}
	}
	if r := []rune(text); len(r) > width {
		text = string(r[:max(0, width)])
	}
	return text
}

func (p *Progress) amount(n int64) string {
	if p.unit == Things {
		return fmt.Sprint(n)
	}
	return Size(n)
}

// Size writes a number of bytes for people.
func Size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.5 && unit < 3 {
		f, unit = f/1000, unit+1
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %cB", f, "kMGT"[unit])
	}
	return fmt.Sprintf("%.0f %cB", f, "kMGT"[unit])
}
