package linechat

import (
	"context"
	"strings"
	"time"
)

// typingAgain is how often it is told that a message is being written: that is
// good for ten seconds.
const typingAgain = 5 * time.Second

// keyed is told of a line that is not finished: who is talked to learns that a
// message is written to them. That it cannot be told harms nothing.
func (c *chat) keyed(ctx context.Context, line string) {
	c.touch(ctx)
	switch {
	case c.with == "" || !isMessage(line):
		c.pause(ctx)
	case time.Since(c.typing) >= typingAgain:
		c.typing = time.Now()
		c.api.Typing(ctx, c.with, true)
	}
}

// pause tells that no message is written any more.
func (c *chat) pause(ctx context.Context) {
	if c.with != "" && !c.typing.IsZero() {
		c.typing = time.Time{}
		c.api.Typing(ctx, c.with, false)
	}
}

// isMessage reports whether a line, so far, is something for somebody else to read.
func isMessage(line string) bool {
	return line != "" && (!strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/reply "))
}
