package chat

import (
	"slices"

	"github.com/truce-im/truce/chat/wire"
)

// Card is what I keep about an account beside how it stands: what it may see of
// me, what it shows me, and notes of my own. My own account has one too. The zero
// value is that of somebody of whom nothing was noted yet.
type Card struct {
	Account wire.Account

	// Of others.
	Grade   Grade           // how much of my presence they are shown
	Told    Told            // what they were told last
	Secret  wire.ViewSecret // of the view that they show me
	Epoch   uint64          // of Secret; 0: none came yet
	Heard   []Heard         // newest of their records, one for each device
	Frozen  []wire.Entry    // while I am invisible: what they were told of their logs
	Groups  []string        // of mine that they are in, sorted
	Memo    string          // a note of mine, which nobody else sees
	Tell    bool            // I want to be told when they come
	Profile Profile         // as they tell it; of my own account: mine

	Answered uint64           // the absence in which they got the auto-reply; 0: none yet
	Nudged   uint64           // when I nudged them last, unix milliseconds; 0: never
	Rang     uint64           // when a nudge of theirs counted last, likewise
	Rings    []wire.MessageID // the nudges of theirs that count, newest last, at most maxRings

	// Of my own account alone.
	FullEpoch  uint64 // of the secret of my full view; 0: none was made yet
	PlainEpoch uint64
}

// Grade is how much of my presence a contact is shown.
type Grade uint8

// The grades. Numbers are stored: they never change.
const (
	GradeFull  Grade = 0 // everything
	GradePlain Grade = 1 // whether I am there
	GradeNone  Grade = 2 // nothing
)

// Grades are all that there are, as CONTRACT.md names them; a Grade is an index.
var Grades = [...]string{GradeFull: "full", GradePlain: "plain", GradeNone: "none"}

func (g Grade) String() string { return Grades[min(int(g), len(Grades)-1)] }

// ParseGrade finds a grade by its name. Errors: CodeUsage.
func ParseGrade(name string) (Grade, error) {
	i := slices.Index(Grades[:], name)
	if i < 0 {
		return 0, Errorf(CodeUsage, "what a contact sees of your presence is full, plain or none, not %q", name)
	}
	return Grade(i), nil
}

// Told is what stands in my log for a contact: the grade and epoch of the newest
// wire.Grant, and the version of the newest wire.Profile.
type Told struct {
	Grade   Grade
	Epoch   uint64 // 0: no grant was written
	Profile uint64 // 0: no profile was written
}

// Heard names the newest presence record of a device of which older ones are
// refused.
type Heard struct {
	Device wire.Device
	Boot   uint64
	Seq    uint64
}

// Profile is what somebody tells their contacts of themselves.
type Profile struct {
	Version uint64 // unix milliseconds; 0: nothing was told
	Name    string
	About   string
	Avatar  []byte // SHA-256 of the picture; empty: none
}
