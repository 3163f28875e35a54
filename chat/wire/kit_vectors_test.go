package wire_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVectorsAreDocumented finds folders and fields of the vectors that
// PROTOCOL.md §12 does not name.
func TestVectorsAreDocumented(t *testing.T) {
	_, section, _ := strings.Cut(readAll(t, "PROTOCOL.md"), "\n## 12. Checking an implementation\n")
	section, _, found := strings.Cut(section, "\n## Appendix")
	if !found {
		t.Fatal("there is no section 12 before the appendix")
	}
	seen := map[string]bool{}
	named := func(what, where string) {
		if !seen[what] && !strings.Contains(section, "`"+what+"`") && !strings.Contains(section, "`"+what+"/") {
			t.Errorf("section 12 does not name %s (%s)", what, where)
		}
		seen[what] = true
	}
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == filepath.Join("testdata", "fuzz"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		named(strings.Split(filepath.ToSlash(path), "/")[1], path)
		for _, field := range fieldsOf(t, path) {
			named(field, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 50 {
		t.Errorf("only %d names were found", len(seen))
	}
}

// fieldsOf are the names of a vector's fields, but those inside of made_of,
// which are described together, and of given, which each file has of its own.
func fieldsOf(t *testing.T, path string) (names []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for name, x := range v {
				names = append(names, name)
				if name != "made_of" && name != "given" {
					walk(x)
				}
			}
		}
	}
	walk(v)
	return names
}
