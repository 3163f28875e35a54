package term

import (
	"io"
	"os"
	"runtime"

	"golang.org/x/term"
)

// Palette colours text for one output. The zero value, and that for anything
// but a terminal, leaves text as it is. It is safe for concurrent use.
type Palette struct{ on bool }

// PaletteFor returns the palette for w: one with colours if w is a terminal that
// has them, unless the environment has a NO_COLOR that is not empty
// (https://no-color.org).
func PaletteFor(w io.Writer) Palette {
	return Palette{IsTerminal(w) && os.Getenv("NO_COLOR") == "" && hasColours()}
}

// hasColours reports whether a terminal here knows escape sequences.
func hasColours() bool {
	if runtime.GOOS == "windows" {
		return os.Getenv("WT_SESSION") != "" // the old console may show them as they are
	}
	return os.Getenv("TERM") != "dumb"
}

// Good is for what works.
func (p Palette) Good(s string) string { return p.in("32", s) }

// Bad is for what does not.
func (p Palette) Bad(s string) string { return p.in("31", s) }

// Strong is for what is looked for.
func (p Palette) Strong(s string) string { return p.in("1", s) }

// Faint is for what may be passed over.
func (p Palette) Faint(s string) string { return p.in("2", s) }

// Light is white on black, whatever the terminal's own colours are.
func (p Palette) Light(s string) string { return p.in("38;5;231;48;5;16", s) }

// On reports whether the palette has colours.
func (p Palette) On() bool { return p.on }

func (p Palette) in(style, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// IsTerminal reports whether w is a file that is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns the number of columns of the terminal w; 0 if it is none.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}
