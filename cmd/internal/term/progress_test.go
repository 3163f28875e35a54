package term_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/truce-im/truce/cmd/internal/term"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		width := 80
		p := term.NewProgressOn(&out, func() int { return width }, "backup", 4000, term.Bytes)
		p.Add(1000)
		p.Done()
		if out.Len() > 0 {
			t.Errorf("within a second it shows %q", &out)
		}
		time.Sleep(time.Second) // virtual
		p.Write(make([]byte, 1000))
		if want := "\rbackup  50%  2.0 kB of 4.0 kB  [##########..........]\x1b[K"; out.String() != want {
			t.Errorf("%q, want %q", &out, want)
		}
		out.Reset()
		p.Add(1000)
		if out.Len() > 0 {
			t.Errorf("at once again it shows %q", &out)
		}
		time.Sleep(time.Second)
		width = 20
		p.Add(2000) // more than was said
		if want := "\rbackup 100%  5.0 kB\x1b[K"; out.String() != want {
			t.Errorf("%q, want %q", &out, want)
		}
		out.Reset()
		p.Done()
		p.Done()
		if want := "\r\x1b[K"; out.String() != want {
			t.Errorf("the end is %q, want %q", &out, want)
		}
	})
}

func TestProgressWithoutTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := term.NewProgressOn(&out, func() int { return 0 }, "export", 0, term.Things)
		time.Sleep(2 * time.Second) // virtual
		p.Add(1)                    // a terminal without a width
		out.Reset()
		p = term.NewProgressOn(&out, func() int { return 80 }, "export", 0, term.Things)
		time.Sleep(2 * time.Second)
		p.Add(1234)
		if want := "\rexport  1234\x1b[K"; out.String() != want {
			t.Errorf("%q, want %q", &out, want)
		}
	})
}

func TestProgressIsForTerminals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := term.NewProgress(&out, "backup", 1, term.Bytes)
		time.Sleep(time.Minute) // virtual
		p.Add(1)
		p.Done()
		if out.Len() > 0 {
			t.Errorf("it shows %q", &out)
		}
	})
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 9960: "10 kB", 999_400: "999 kB", 999_500: "1.0 MB",
		41_300_000: "41 MB", 5_000_000_000: "5.0 GB", 7_000_000_000_000_000: "7000 TB",
	} {
		if got := term.Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestPalette(t *testing.T) {
	for _, p := range []term.Palette{{}, term.PaletteFor(new(bytes.Buffer))} {
		if got := p.Good("a") + p.Bad("b") + p.Faint("c") + p.Light("d"); got != "abcd" || p.On() {
			t.Errorf("without a terminal %q", got)
		}
	}
	if got := term.Colours.Good("a"); !strings.HasPrefix(got, "\x1b[32ma") || !strings.HasSuffix(got, "\x1b[0m") {
		t.Errorf("in colour %q", got)
	}
}
