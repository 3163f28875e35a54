package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// label is what the first bytes under a signature, a hash or a MAC look like.
var label = regexp.MustCompile(`^truce[ -][a-z -]*[ /]v?[0-9]\x00?$`)

// TestLabelsAreDistinct finds the labels of the whole program. Every use has
// its own, none begins with another, and the documents name them.
func TestLabelsAreDistinct(t *testing.T) {
	const root = "../.."
	document := readAll(t, "PROTOCOL.md") + readAll(t, root+"/discovery/MDNS.md") + readAll(t, root+"/discovery/DHT.md")
	uses := map[string]token.Position{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil || !label.MatchString(s) {
				return true
			}
			s = strings.TrimSuffix(s, "\x00")
			if other, ok := uses[s]; ok {
				t.Errorf("%q is used at %v and at %v", s, other, fset.Position(lit.Pos()))
			}
			uses[s] = fset.Position(lit.Pos())
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for a, at := range uses {
		for b := range uses {
			if a != b && strings.HasPrefix(b, a) {
				t.Errorf("%q begins with %q", b, a)
			}
		}
		if onWire := !strings.Contains(filepath.ToSlash(at.Filename), "/storage/"); onWire && !strings.Contains(document, a) {
			t.Errorf("no document names %q (%v)", a, at)
		}
	}
	if len(uses) < 16 {
		t.Errorf("only %d labels were found: %v", len(uses), uses)
	}
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestClassesAreDocumented finds the classes of failure in the code.
func TestClassesAreDocumented(t *testing.T) {
	document := readAll(t, "PROTOCOL.md")
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range failure.FindAllStringSubmatch(readAll(t, path), -1) {
			classes[m[1]] = true
		}
	}
	for class := range classes {
		if !strings.Contains(document, `"`+class+`"`) {
			t.Errorf("no document names the class %q", class)
		}
	}
	if len(classes) < 30 {
		t.Errorf("only %d classes were found", len(classes))
	}
}

// failure is where the code gives a failure its class.
var failure = regexp.MustCompile(`fail(?:f)?\("([a-z0-9-]+)"`)
