//go:build unix

package main_test

import (
	"encoding/binary"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const picture = "screen.svg"

// TestPicture compares the picture in the README with the screen that it is of.
func TestPicture(t *testing.T) {
	zone := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(zone, zoneWhere(time.Date(2026, 5, 8, 19, 42, 0, 0, time.UTC)), 0o600); err != nil {
		t.Fatal(err)
	}
	ann, ben, cleo := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cleo")
	ben.start()
	cleo.start()
	ann.must("config", "peer", ben.address())
	cmd := ann.command()
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "TZ="+zone)
	s := &story{window: open(t, cmd, 110, 28, false), ann: ann, ben: ben, name: "picture"}
	s.until("There is nobody here yet.")
	s.befriend("Cleo", cleo)
	s.befriend("Ben", ben)
	s.evening(cleo)
	if !strings.Contains(s.text(), "● LAN · 2 linked") {
		t.Skip("the picture is of a machine on a network, without a firewall of its own")
	}
	now := func() string { return clock.ReplaceAllString(s.svg("truce", dark), "19:42") }
	if *update {
		s.settle()
		if err := os.WriteFile(picture, []byte(now()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	s.wait("what "+picture+" shows", func(string) bool { return now() == string(want) })
}

// evening is what Ann and Ben talk about.
func (s *story) evening(cleo home) {
	s.talkTo("Ben")
	say := func(text string) string {
		s.press(text)
		s.until("› " + text[:10])
		s.press("enter")
		s.gone("› " + text[:10])
		s.until(text[:10])
		return s.message(text)
	}
	hear := func(words string, args ...string) string {
		id := s.ben.value("id", append([]string{"send", "Ann"}, args...)...)
		s.until(words)
		return id
	}
	say("Did the stove survive the winter?")
	s.ben.must("read", "Ann")
	s.ben.must("edit", hear("like it", "It dose, like it did the last forty ones"), "It does, like the last forty of them")
	s.until("edited")
	hear("still on", "Are we still on for **Saturday**? The hut is ours, the key is under the *third* stone :)")
	mine := say("Yes! I bring bread, cheese and the big pot. Who else comes?")
	s.ben.must("read", "Ann")
	s.ben.must("react", mine, "🎉")
	hear("Cleo", "Cleo, and her dog. She says:\n> no plans, no phones, no alarm clocks")
	hear("openstreetmap", "The way up, 3 h: https://www.openstreetmap.org/way/23733659")
	hear("packing", "My packing list:\n- rain coat\n- `head lamp`, with batteries this time\n- cards ♠ ♥ ♦ ♣ and ☕")
	s.press("esc")
	s.until("r reply")
	s.press("k")
	s.until("▌  The way up")
	s.press("r")
	s.until("answers Ben")
	say("Four hours, with you and that camera 😄")
	s.ben.must("read", "Ann")
	s.ben.must("react", s.message("Four hours, with you and that camera 😄"), "😂")
	s.until("😂 Ben")
	cleo.must("status", "away", "walking the dog")
	cleo.must("send", "Ann", "Do you have a spare sleeping mat?")
	cleo.must("send", "Ann", "The blue one was great.")
	s.until("◐ Cleo", " 2 ")
	s.wait("how the node is", func(text string) bool {
		return strings.Contains(text, "2 linked") || strings.Contains(text, "offline") || strings.Contains(text, ": F2")
	})
	s.press("See you at the sta")
	s.until("See you at the sta")
	s.typing(true)
	s.until("writes…")
}

// talkTo opens the conversation with somebody.
func (s *story) talkTo(name string) {
	s.press("ctrl+k", name)
	s.until("find " + name)
	s.press("enter")
	s.until(name + "  available")
}

// zoneWhere is the file of a time zone in which it is that time now (RFC 9636).
func zoneWhere(local time.Time) []byte {
	b := append([]byte("TZif"), make([]byte, 1+15)...)
	for _, count := range []uint32{0, 0, 0, 0, 1, 4} { // kinds of time, characters of their names
		b = binary.BigEndian.AppendUint32(b, count)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(int32(time.Until(local).Seconds())))
	return append(b, 0, 0, 'X', 'Y', 'Z', 0) // no summer time; where the name begins
}

// The README shows the picture, which is one.
func TestREADMEShowsThePicture(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil || !strings.Contains(string(readme), "cmd/truce/"+picture) {
		t.Errorf("no %s in the README, %v", picture, err)
	}
	b, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b, new(struct{})); err != nil {
		t.Error(err)
	}
}
