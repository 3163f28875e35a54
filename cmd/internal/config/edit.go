package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// header begins a file that is made.
const header = "# How the node of this home runs; `truce help config` explains the names.\n"

// Set changes one setting to a value written as Get tells it, from the next
// start of the node on; an empty one takes it out, so that the default holds.
// home must be there. On an error, which is of type *Error or of the disk,
// nothing has changed.
func Set(home, name, value string) error {
	text, err := read(home)
	if err != nil {
		return err
	}
	before, err := parse(text)
	if err != nil {
		return err
	}
	wanted, err := valueOf(name, value)
	if err != nil {
		return &Error{noFile, err.Error()}
	}
	if wanted == nil {
		delete(before.values, name)
	} else {
		before.values[name] = wanted
	}
	edited := edit(text, name, wanted)
	if after, err := parse(edited); err != nil || !reflect.DeepEqual(after, before) {
		return &Error{wholeFile, fmt.Sprintf("the lines of %s are written in a way that only you can change", name)}
	}
	if edited == text {
		return nil
	}
	return write(filepath.Join(home, FileName), edited)
}

// valueOf reads a value of the setting; nil: none.
func valueOf(name, value string) (any, error) {
	s, _ := lookup(name)
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' })
	var out any
	switch {
	case len(words) == 0:
		return nil, nil
	case s.kind == list:
		values := []any{}
		for _, w := range words {
			values = append(values, w)
		}
		out = values
	case s.kind == text:
		out = value
	case value == "true" || value == "false":
		out = value == "true"
	default:
		return nil, fmt.Errorf("%s is true or false", name)
	}
	return out, check(name, out)
}

// edit puts a setting in the place where it stands, or at the end.
func edit(text, name string, value any) string {
	lines := strings.SplitAfter(text, "\n")
	from, to, found := span(lines, name)
	line := ""
	if value != nil {
		line = name + " = " + literal(value) + "\n"
	}
	if found {
		if comment := trailing(lines[from:to]); comment != "" && line != "" {
			line = strings.TrimSuffix(line, "\n") + comment
		}
		return strings.Join(slices.Concat(lines[:from], []string{line}, lines[to:]), "")
	}
	if text == "" && line != "" {
		text = header
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + line
}

func literal(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value) // checked, as addresses are: nothing that TOML escapes in another way
	case []any:
		texts := make([]string, len(value))
		for i, v := range value {
			texts[i] = strconv.Quote(v.(string))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// span finds the lines [from, to) of a setting: the first that begins with its
// name, and as many more as make its value whole.
func span(lines []string, name string) (from, to int, found bool) {
	begins := regexp.MustCompile(`^\s*"?` + regexp.QuoteMeta(name) + `"?\s*=`)
	from = slices.IndexFunc(lines, begins.MatchString)
	if from < 0 {
		return 0, 0, false
	}
	for to = from + 1; to <= len(lines); to++ {
		if whole(strings.Join(lines[from:to], "")) {
			return from, to, true
		}
	}
	return 0, 0, false
}

func whole(text string) bool { return toml.Unmarshal([]byte(text), new(map[string]any)) == nil }

// trailing returns the comment behind a setting on one line, with what parts
// it from the value; empty if there is none.
func trailing(lines []string) string {
	if len(lines) != 1 {
		return ""
	}
	line := lines[0]
	for i, r := range line {
		if r == '#' && whole(line[:i]) {
			value := strings.TrimRight(line[:i], " \t")
			return line[len(value):]
		}
	}
	return ""
}

// locate finds the line of what is wrong with a setting.
func locate(text, name string, err error) *Error {
	lines := strings.SplitAfter(text, "\n")
	from, to, found := span(lines, name)
	if !found {
		table := regexp.MustCompile(`^\s*(\[\s*)*"?` + regexp.QuoteMeta(name) + `"?\s*[\].]`)
		return &Error{slices.IndexFunc(lines, table.MatchString) + 1, err.Error()}
	}
	var one *addrError
	if errors.As(err, &one) {
		for i := from; i < to; i++ {
			if strings.Contains(lines[i], one.addr) {
				from = i
				break
			}
		}
	}
	return &Error{from + 1, err.Error()}
}

// write replaces the file, for its owner alone; through a link the one that it
// leads to.
func write(path, text string) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+FileName+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it was renamed
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
