package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named finds tests as SECURITY.md names them: package.Test, or
// package.Test/script for a script in testdata.
var named = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)(?:/(\\w+))?`")

// TestSecurityNamesItsTests holds SECURITY.md to its word: every line of what a
// party can or cannot do names a test, and every test that is named exists.
func TestSecurityNamesItsTests(t *testing.T) {
	b, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		dir := filepath.Join("../..", filepath.FromSlash(m[1]))
		if !declares(t, dir, m[2]) {
			t.Errorf("there is no %s in %s", m[2], m[1])
		}
		if m[3] == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "testdata", m[3]+".txtar")); err != nil {
			t.Errorf("%s: %v", m[0], err)
		}
	}
	rows := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !named.MatchString(cells[len(cells)-1]) {
			t.Errorf("no test shows this line: %s", line)
		}
	}
	if rows < 50 {
		t.Errorf("only %d lines were found", rows)
	}
}

// declares reports whether a test file in dir has the function.
func declares(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
