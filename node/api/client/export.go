package client

import (
	"context"
	"iter"
	"strconv"
)

// exportPage is how many messages All holds at a time: at most 13 MiB of text.
const exportPage = 200

// All yields the whole conversation with who, oldest first, or what follows the
// message after. It reads page by page; after an error, which is the last that it
// yields, it may be called again with the last id.
func (c *Client) All(ctx context.Context, who, after string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			var page struct{ Messages []Message }
			err := c.get(ctx, &page, contactPath(who, "/messages"),
				"oldest", "true", "n", strconv.Itoa(exportPage), "after", after)
			if err != nil {
				yield(Message{}, err)
				return
			}
			for _, m := range page.Messages {
				if !yield(m, nil) {
					return
				}
				after = m.ID
			}
			if len(page.Messages) < exportPage {
				return
			}
		}
	}
}
