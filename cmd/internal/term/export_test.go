package term

// Parts that need a terminal, with something else in its place.
var (
	NewProgressOn = newProgress
	Colours       = Palette{on: true}
)
