package main_test

import (
	"bufio"
	"bytes"
	"cmp"
	"debug/elf"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hostProgram is what a node stands on, and nothing else.
const hostProgram = `package main

import (
	"context"

	"github.com/truce-im/truce/node/host"
)

func main() { host.New(context.Background(), host.Config{}) }
`

// BenchmarkSize builds the program and says how big it is, beside one that only
// makes a libp2p host. Run with -v it lists the parts: the sections of the file,
// and the code of each module.
func BenchmarkSize(b *testing.B) {
	dir := b.TempDir()
	host := filepath.Join(dir, "host.go")
	if err := os.WriteFile(host, []byte(hostProgram), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, source string }{{"truce", "."}, {"baseline", host}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				small, full := filepath.Join(dir, "small"), filepath.Join(dir, "full")
				run(b, "go", "build", "-ldflags=-s -w", "-o", small, c.source)
				run(b, "go", "build", "-o", full, c.source)
				b.ReportMetric(megabytes(b, small), "stripped-MB")
				b.ReportMetric(megabytes(b, full), "full-MB")
				list(b, sections(b, full))
				list(b, code(run(b, "go", "tool", "nm", "-size", full)))
			}
		})
	}
}

func run(b *testing.B, name string, args ...string) []byte {
	b.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return out
}

func megabytes(b *testing.B, path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}

// sections are those of an ELF file. All that serves a debugger counts as one.
func sections(b *testing.B, path string) map[string]int {
	f, err := elf.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	sizes := map[string]int{}
	for _, s := range f.Sections {
		name := s.Name
		if strings.HasPrefix(name, ".debug") {
			name = ".debug*"
		}
		if s.Type != elf.SHT_NOBITS {
			sizes[name] += int(s.FileSize)
		}
	}
	return sizes
}

// code sums up the functions in the output of go tool nm.
func code(symbols []byte) map[string]int {
	sizes := map[string]int{}
	for lines := bufio.NewScanner(bytes.NewReader(symbols)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || f[2] != "T" && f[2] != "t" {
			continue
		}
		if n, err := strconv.Atoi(f[1]); err == nil {
			sizes["code of "+moduleOf(f[3])] += n
		}
	}
	return sizes
}

// list logs sizes, biggest first, without those below 100 kB.
func list(b *testing.B, sizes map[string]int) {
	names := slices.SortedFunc(maps.Keys(sizes), func(x, y string) int {
		return cmp.Or(cmp.Compare(sizes[y], sizes[x]), cmp.Compare(x, y))
	})
	for _, name := range names {
		if sizes[name] >= 100_000 {
			b.Logf("%6.2f MB  %s", float64(sizes[name])/1e6, name)
		}
	}
}

// moduleOf is the module of a function, or of the type that the compiler made it
// for.
func moduleOf(symbol string) string {
	symbol = strings.TrimPrefix(symbol, "type:.eq.")
	path := strings.Split(symbol, "/")
	if !strings.Contains(path[0], ".") || len(path) == 1 {
		return "the standard library"
	}
	path = path[:min(3, len(path))]
	last := &path[len(path)-1]
	*last, _, _ = strings.Cut(*last, ".")
	return strings.Join(path, "/")
}
