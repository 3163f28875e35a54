package wire_test

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// limitRow is a row of the table of PROTOCOL.md §9: name, value, unit, reason.
var limitRow = regexp.MustCompile("(?m)^\\| `(\\w+)\\.(\\w+)` \\| ([0-9,]+) ([^|]*)\\| ([^|]+)\\|$")

// TestDocumentHasLimits compares the table of limits with the code.
func TestDocumentHasLimits(t *testing.T) {
	known := imports{"time": packageTime()}
	packages := map[string]*types.Scope{
		"wire": constants(t, ".", known),
		"chat": constants(t, "..", known),
		"link": constants(t, "../link", known),
	}
	documented := map[string]bool{}
	for _, row := range limitRow.FindAllStringSubmatch(readAll(t, "PROTOCOL.md"), -1) {
		pkg, name, number, unit := row[1], row[2], row[3], row[4]
		documented[pkg+"."+name] = true
		c, ok := packages[pkg].Lookup(name).(*types.Const)
		if !ok {
			t.Errorf("there is no constant %s.%s", pkg, name)
			continue
		}
		got, exact := constant.Int64Val(constant.ToInt(c.Val()))
		if !exact {
			t.Fatalf("%s.%s is %v", pkg, name, c.Val())
		}
		if c.Type().String() == "time.Duration" {
			if !strings.HasPrefix(unit, "s ") {
				t.Errorf("%s.%s is given in %q", pkg, name, unit)
			}
			got /= int64(time.Second)
		}
		want := constant.MakeFromLiteral(strings.ReplaceAll(number, ",", ""), token.INT, 0)
		if constant.Compare(constant.MakeInt64(got), token.NEQ, want) {
			t.Errorf("%s.%s is %d, not %s", pkg, name, got, number)
		}
	}
	for _, name := range packages["wire"].Names() {
		if strings.HasPrefix(name, "Max") && !documented["wire."+name] {
			t.Errorf("PROTOCOL.md §9 leaves out %s", name)
		}
	}
}

// constants type-checks the package in dir as far as constants need it, and
// adds it to what the next one may import.
func constants(t *testing.T, dir string, known imports) *types.Scope {
	t.Helper()
	paths, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	cfg := types.Config{Importer: known, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, err := cfg.Check(dir, fset, files, nil)
	if pkg == nil {
		t.Fatal(err)
	}
	known["github.com/truce-im/truce/chat/"+pkg.Name()] = pkg
	return pkg.Scope()
}

// imports are the packages whose constants others are made of.
type imports map[string]*types.Package

func (i imports) Import(path string) (*types.Package, error) {
	if pkg := i[path]; pkg != nil {
		return pkg, nil
	}
	return nil, errors.New("not needed")
}

// packageTime has the durations of package time.
func packageTime() *types.Package {
	pkg := types.NewPackage("time", "time")
	name := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(name)
	for unit, d := range map[string]time.Duration{
		"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, unit, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg
}
