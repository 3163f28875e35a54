//go:build unix

package main_test

import (
	"encoding/xml"
	"flag"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

var pictures = flag.String("pictures", "", "a `directory` for a picture of every screen, to look at")

// draw makes a picture of a screen that is compared, if pictures are wanted.
func (s *story) draw(name string) {
	s.t.Helper()
	if *pictures == "" {
		return
	}
	p := dark
	if strings.Contains(s.name, "light") {
		p = light
	}
	path := filepath.Join(*pictures, strings.ReplaceAll(s.name+" "+name+".svg", " ", "-"))
	if err := os.WriteFile(path, []byte(s.svg(name, p)), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// palette are the colours of a terminal.
type palette struct {
	frame, back, text string
	colours           [16]string
}

var (
	dark = palette{"#2a2e37", "#16181d", "#d7dae0", [16]string{
		"#3b4048", "#f47067", "#57ab5a", "#c69026", "#539bf5", "#b083f0", "#39c5cf", "#adbac7",
		"#7d8694", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
	}}
	light = palette{"#d8dce2", "#ffffff", "#24292f", [16]string{
		"#24292f", "#b5202b", "#116329", "#7d4e00", "#0550ae", "#7d3fc9", "#1b7c83", "#6e7781",
		"#6b7480", "#a40e26", "#1a7f37", "#9a6700", "#218bff", "#a475f9", "#3192aa", "#8c959f",
	}}
)

func (p palette) colour(c color.Color, otherwise string) string {
	switch c := c.(type) {
	case nil:
		return otherwise
	case ansi.BasicColor:
		return p.colours[c]
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// The measures of a picture, in its units.
const (
	cellWidth, cellHeight = 9, 20
	margin, bar           = 14, 34
	baseline              = 15
)

// svg is a picture of the screen in the frame of a window.
func (w *window) svg(title string, p palette) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	width, height := w.screen.Width()*cellWidth+2*margin, w.screen.Height()*cellHeight+bar+margin
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="'JetBrains Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15">`+"\n", width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n", title)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" rx="10" fill="%s"/>`+"\n", width, height, p.frame)
	fmt.Fprintf(&out, `<path d="M1 %d h%d v%d a9 9 0 0 1 -9 9 h-%d a9 9 0 0 1 -9 -9 z" fill="%s"/>`+"\n", bar-6, width-2, height-bar-4, width-20, p.back)
	for i := range 3 {
		fmt.Fprintf(&out, `<circle cx="%d" cy="14" r="5" fill="%s"/>`+"\n", 20+i*18, p.colours[8])
	}
	fmt.Fprintf(&out, `<text x="%d" y="19" fill="%s" text-anchor="middle" font-size="13">%s</text>`+"\n", width/2, p.colours[7], title)
	fmt.Fprintf(&out, `<g transform="translate(%d %d)">`+"\n", margin, bar)
	if !w.screen.CursorHidden() {
		at := w.screen.CursorPosition()
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="2" height="%d" fill="%s"/>`+"\n", at.X*cellWidth, at.Y*cellHeight+1, cellHeight-2, p.text)
	}
	for y := range w.screen.Height() {
		row := make([]uv.Cell, w.screen.Width())
		for x := range row {
			row[x] = *w.screen.CellAt(x, y)
		}
		p.row(&out, row, y*cellHeight)
	}
	out.WriteString("</g>\n</svg>\n")
	return out.String()
}

// row draws cells: lines of boxes as lines, wide characters each in its place, and
// what else looks alike as one text.
func (p palette) row(out *strings.Builder, row []uv.Cell, top int) {
	for x := 0; x < len(row); {
		end := x + max(1, row[x].Width)
		if narrow(row[x]) {
			for end < len(row) && narrow(row[end]) && row[end].Style.Equal(&row[x].Style) {
				end++
			}
		}
		p.run(out, row[x:end], x, top)
		x = end
	}
}

// narrow reports whether a cell can be drawn in one text with others.
func narrow(c uv.Cell) bool { return c.Width == 1 && strokes[c.Content] == "" }

// strokes are the lines of boxes, from the corner of their cell.
var strokes = map[string]string{
	"─": "m0 10h9", "│": "m4.5 0v20", "┼": "m0 10h9m-4.5-10v20", "├": "m4.5 0v20m0-10h4.5", "┤": "m4.5 0v20m0-10h-4.5",
	"▌": "m2 0v20", "▏": "m1 0v20",
}

// run draws cells that look alike.
func (p palette) run(out *strings.Builder, cells []uv.Cell, x, top int) {
	style := cells[0].Style
	ink, ground := p.colour(style.Fg, p.text), p.colour(style.Bg, "")
	if style.Attrs&uv.AttrReverse != 0 {
		ink, ground = p.back, ink
	}
	if ground != "" {
		fmt.Fprintf(out, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", x*cellWidth, top, len(cells)*cellWidth, cellHeight, ground)
	}
	if line := strokes[cells[0].Content]; line != "" {
		width := 1
		if cells[0].Content == "▌" {
			width = 4
		}
		fmt.Fprintf(out, `<path d="M%d %d%s" stroke="%s" stroke-width="%d"/>`+"\n", x*cellWidth, top, line, ink, width)
		return
	}
	var text strings.Builder
	for _, c := range cells {
		text.WriteString(c.Content)
	}
	words := strings.TrimLeft(text.String(), " ")
	x += text.Len() - len(words)
	words = strings.TrimRight(words, " ")
	if words == "" {
		return
	}
	length := ansi.StringWidth(words) * cellWidth
	fmt.Fprintf(out, `<text x="%d" y="%d" textLength="%d" fill="%s"%s>`, x*cellWidth, top+baseline, length, ink, attributes(style))
	xml.EscapeText(out, []byte(strings.ReplaceAll(words, " ", "\u00a0"))) // others are drawn as one
	out.WriteString("</text>\n")
}

func attributes(s uv.Style) string {
	var text string
	if s.Attrs&uv.AttrBold != 0 {
		text += ` font-weight="bold"`
	}
	if s.Attrs&uv.AttrItalic != 0 {
		text += ` font-style="italic"`
	}
	if s.Attrs&uv.AttrStrikethrough != 0 {
		text += ` text-decoration="line-through"`
	}
	if s.Underline != 0 {
		text += ` text-decoration="underline"`
	}
	return text
}
