package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/truce-im/truce/node/api/client"
)

const height = 10 // of the screen in these tests

// conversation is what the node has; page answers as the node does.
type conversation []client.Message

func (c *conversation) say(rnd *rand.Rand, at int) client.Message {
	m := client.Message{
		ID: fmt.Sprintf("%064x", rnd.Uint64()), Conversation: "them", From: "them", FromName: "Them", Direction: "in",
		Text: strings.TrimSpace(strings.Repeat("word\n", 1+rnd.IntN(3))), Received: client.Time{Time: time.Unix(int64(at), 0)},
	}
	*c = append(*c, m)
	return m
}

func (c conversation) page(at edge, id string) pageMsg {
	i := len(c)
	for j, m := range c {
		if m.ID == id {
			i = j
		}
	}
	p := pageMsg{at: at, id: id}
	switch at {
	case older, newest:
		p.list = c[max(0, i-pageSize):i]
	case newer:
		p.list = c[i+1 : min(len(c), i+1+pageSize)]
	}
	p.list, p.end = append([]client.Message(nil), p.list...), len(p.list) < pageSize
	return p
}

// drawn draws a row for each line of a message, which names it.
func drawn(_ *client.Message, m client.Message, _ int, _ look) (rows []string) {
	for i := range strings.Split(m.Text, "\n") {
		rows = append(rows, fmt.Sprintf("%s/%d", m.ID, i))
	}
	return rows
}

// Whatever arrives or changes, what one reads stays where it is; and scrolling
// comes by every row there is, with no more kept than a few pages.
func TestThreadKeepsItsPlace(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all conversation
	for i := range 1200 {
		all.say(rnd, i)
	}
	th := newThread("them", drawn)
	th.add(all.page(newest, ""), height)
	for step := range 3000 {
		var stays func() string
		switch what := rnd.IntN(4); {
		case what == 0: // one arrives
			stays = lowestRow(&th)
			if th.below == 0 {
				stays = nil // at the end it is followed
			}
			th.put(all.say(rnd, len(all)))
		case what == 1: // one above or below the screen changes its height
			i := rnd.IntN(len(th.list))
			low := th.lowest()
			if i >= low-height && i <= low {
				continue
			}
			stays = lowestRow(&th)
			m := th.list[i]
			m.Text = strings.TrimSpace(strings.Repeat("word\n", 1+rnd.IntN(4)))
			for j := range all {
				if all[j].ID == m.ID {
					all[j] = m
				}
			}
			th.put(m)
		default:
			up := rnd.IntN(60)
			if step/500%2 == 1 {
				up = -up
			}
			at, id, needed := th.scroll(up, height)
			stays = lowestRow(&th)
			if needed {
				th.add(all.page(at, id), height)
			}
		}
		if len(th.list) > maxKept+1 {
			t.Fatalf("step %d: %d messages are kept", step, len(th.list))
		}
		if stays != nil {
			if now, was := lowestRow(&th)(), stays(); now != was {
				t.Fatalf("step %d: the lowest row was %s, is %s", step, was, now)
			}
		}
	}
}

// lowestRow remembers the row at the foot of the screen.
func lowestRow(th *thread) func() string {
	rows := th.view(height)
	row := rows[len(rows)-1].text
	return func() string { return row }
}

// From one end to the other and back each message is seen once, in order.
func TestScrollsThroughEverything(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var all conversation
	for i := range 2500 {
		all.say(rnd, i)
	}
	th := newThread("them", drawn)
	th.add(all.page(newest, ""), height)
	var up []string
	for next := len(all) - 1; next >= 0; {
		lines := th.view(height)
		for i := len(lines) - 1; i >= 0 && next >= 0; i-- {
			if lines[i].text == all[next].ID+"/0" {
				up = append(up, all[next].ID)
				next--
			}
		}
		at, id, needed := th.scroll(height-1, height)
		if needed {
			th.add(all.page(at, id), height)
		} else if th.first && th.below >= th.height(0, len(th.list))-height && next >= 0 && th.view(height)[0].text == all[0].ID+"/0" && next > height {
			t.Fatalf("%d messages were passed over", next)
		}
	}
	if len(up) != len(all) {
		t.Errorf("%d of %d messages were seen", len(up), len(all))
	}
}
