// Package config reads and changes config.toml, the file in a home that says
// how its node runs: what a person who keeps a node would else give as flags,
// which win over it. What belongs to the account rather than to the process,
// such as read receipts, is not here but in the store, where a change is
// durable with everything else, told to all faces, and holds at once.
//
// The file is its owner's: a change by this package rewrites the lines of one
// setting and leaves all others, comments among them, as they are. Functions
// are safe for concurrent use, but of two changes at once one may be lost.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// FileName is that of the file in a home.
const FileName = "config.toml"

// maxSize is far more than anybody writes by hand.
const maxSize = 1 << 20

// Setting is a name that may stand in the file.
type Setting struct {
	Name    string
	Default string // as Get tells it
	Help    string
	kind    kind
	check   func(string) error // of each address, or of the text
}

type kind int

const (
	flag kind = iota // true or false
	list             // of addresses
	text
)

// Settings are those that there are.
var Settings = []Setting{
	{"listen", "", "addresses to listen on, as --listen; without any, all on a port of its own", list, CheckListen},
	{"peer", "", "addresses of contacts' nodes to try, as --peer", list, CheckPeer},
	{"mdns", "true", "whether to find contacts on the local network, as --mdns", flag, nil},
	{"dht", "true", "whether to find contacts over the internet, as --dht", flag, nil},
	{"bootstrap", "", "nodes to enter the DHT by, as --bootstrap; without any, those of IPFS", list, CheckEntry},
	{"network", "", "name of a DHT of your own, as --network", text, CheckNetwork},
	{"relay", "", "relays to be reached by, as --relay, before those that are found", list, CheckPeer},
	{"portmap", "true", "whether to ask the router to let others in, as --portmap", flag, nil},
	{"public", "false", "whether everybody can reach this node, as --public", flag, nil},
	{"serve_relay", "true", "whether it relays for others then, as --serve-relay", flag, nil},
	{"metrics", "", "address to serve numbers for Prometheus at, as --metrics; without any, none are", text, CheckMetrics},
	{"plain", "false", "whether the chat speaks line by line, as suits a screen reader, as --plain", flag, nil},
}

func lookup(name string) (Setting, bool) {
	i := slices.IndexFunc(Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return Settings[i], true
}

// Known reports whether a setting of this name may stand in the file.
func Known(name string) bool {
	_, ok := lookup(name)
	return ok
}

// Switch reports whether a setting of this name is true or false.
func Switch(name string) bool {
	s, ok := lookup(name)
	return ok && s.kind == flag
}

// File is what a file says: values by name, of those that stand in it.
type File struct{ values map[string]any }

// Error is why a file, or a value for it, cannot be, in words.
type Error struct {
	Line    int // from 1; wholeFile, or noFile: it is about a value that was given
	Message string
}

const (
	wholeFile = 0
	noFile    = -1
)

// InFile reports whether the file is wrong, not a value that was given.
func (e *Error) InFile() bool { return e.Line != noFile }

func (e *Error) Error() string {
	switch e.Line {
	case noFile:
		return e.Message
	case wholeFile:
		return FileName + ": " + e.Message
	}
	return fmt.Sprintf("%s, line %d: %s", FileName, e.Line, e.Message)
}

// Load reads the file in home. One that is not there says nothing. Errors are
// of type *Error, or those of the disk.
func Load(home string) (File, error) {
	text, err := read(home)
	if err != nil {
		return File{}, err
	}
	return parse(text)
}

func read(home string) (string, error) {
	f, err := os.Open(filepath.Join(home, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(b) > maxSize {
		err = &Error{wholeFile, "the file is too long"}
	}
	return string(b), err
}

func parse(text string) (File, error) {
	f := File{map[string]any{}}
	err := toml.Unmarshal([]byte(text), &f.values)
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		line, _ := syntax.Position()
		return File{}, &Error{line, "this is not TOML: " + strings.TrimPrefix(syntax.Error(), "toml: ")}
	}
	if err != nil {
		return File{}, &Error{wholeFile, "this is not TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
	}
	bad := []*Error{}
	for name, value := range f.values {
		if err := check(name, value); err != nil {
			bad = append(bad, locate(text, name, err))
		}
	}
	if len(bad) == 0 {
		return f, nil
	}
	return File{}, slices.MinFunc(bad, func(a, b *Error) int { return a.Line - b.Line })
}

func check(name string, value any) error {
	s, ok := lookup(name)
	if !ok {
		return fmt.Errorf("there is no setting %q here; there are: %s", name, names())
	}
	switch s.kind {
	case flag:
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("%s is true or false, without quotes", name)
		}
		return nil
	case text:
		v, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s is a text in quotes", name)
		}
		if err := s.check(v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	values, ok := value.([]any)
	if !ok {
		return fmt.Errorf(`%s is a list, such as ["%s"]`, name, sample)
	}
	for _, v := range values {
		addr, ok := v.(string)
		if !ok {
			return fmt.Errorf(`%s is a list of addresses in quotes, such as ["%s"]`, name, sample)
		}
		if err := s.check(addr); err != nil {
			return &addrError{addr, fmt.Errorf("%s: %w", name, err)}
		}
	}
	return nil
}

func names() string {
	list := make([]string, len(Settings))
	for i, s := range Settings {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}

// List returns a setting that is a list; nil if it is not in the file.
func (f File) List(name string) (list []string) {
	values, _ := f.values[name].([]any)
	for _, v := range values {
		list = append(list, v.(string)) // parse has checked
	}
	return list
}

// Bool returns a setting that is true or false, its default if it is not in the
// file.
func (f File) Bool(name string) bool {
	if v, ok := f.values[name].(bool); ok {
		return v
	}
	s, _ := lookup(name)
	return s.Default == "true"
}

// Text returns a setting that is a text; empty if it is not in the file.
func (f File) Text(name string) string {
	v, _ := f.values[name].(string)
	return v
}

// Get returns the value of a setting as text: true, false, or addresses with
// spaces between them.
func (f File) Get(name string) string {
	switch s, _ := lookup(name); s.kind {
	case list:
		return strings.Join(f.List(name), " ")
	case text:
		return f.Text(name)
	}
	return strconv.FormatBool(f.Bool(name))
}
