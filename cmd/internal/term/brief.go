package term

import "strings"

// Brief is text on one line, of at most so many characters: where there are more
// it ends with an ellipsis.
func Brief(text string, most int) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) <= most {
		return string(line)
	}
	return string(line[:most-1]) + "…"
}
