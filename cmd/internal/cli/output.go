package cli

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	xterm "golang.org/x/term"

	"github.com/truce-im/truce/cmd/internal/term"
	"github.com/truce-im/truce/node/api/client"
)

// row prints v as one line of JSON.
func (a *app) row(v any) error {
	b, err := term.JSON(v)
	if err != nil {
		return err
	}
	_, err = a.Out.Write(b)
	return err
}

// printf prints for people. What others wrote must have been made printable.
func (a *app) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(a.Out, format, args...)
	return err
}

// rows prints each of list: as JSON, or as aligned columns, which columns
// returns for one of them.
func rows[T any](a *app, list []T, header string, columns func(T) []string) error {
	if a.json {
		for _, v := range list {
			if err := a.row(v); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.ReplaceAll(header, " ", "\t")))
	for _, v := range list {
		cells := columns(v)
		for i := range cells {
			cells[i] = term.Printable(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// none tells a person at a terminal why nothing is shown.
func (a *app) none(n int, text string) {
	if n == 0 && !a.json && a.toTerminal() {
		a.note("%s", text)
	}
}

func (a *app) toTerminal() bool {
	out, ok := a.Out.(*os.File)
	return ok && xterm.IsTerminal(int(out.Fd()))
}

// bell is what rings a terminal.
func (a *app) bell() string {
	if a.toTerminal() {
		return "\a"
	}
	return ""
}

// result prints one value: as JSON, or as the line of text.
func (a *app) result(v any, format string, args ...any) error {
	if a.json {
		return a.row(v)
	}
	return a.printf("%s\n", term.Printable(fmt.Sprintf(format, args...)))
}

// local is a time for people: today's without the date.
func local(t client.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(layout)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// progress shows on standard error, if that is a terminal, how far what has
// come. The caller ends it by Done.
func (a *app) progress(what string, total int64, unit term.Unit) *term.Progress {
	return term.NewProgress(a.Err, what, total, unit)
}
