//go:build unix

package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const containerfile = "contrib/Containerfile"

func contrib(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// instruction returns the words that an instruction of the Containerfile gives as JSON.
func instruction(t *testing.T, name string) (words []string) {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + `.*?(\[.*\])$`).FindStringSubmatch(contrib(t, containerfile))
	if m == nil {
		t.Fatalf("there is no %s", name)
	}
	if err := json.Unmarshal([]byte(m[1]), &words); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return words
}

// Every command of the files for packagers is one that the program has, with its flags:
// it gets as far as its help.
func TestContribCommands(t *testing.T) {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		append(instruction(t, "ENTRYPOINT")[1:], instruction(t, "CMD")...),
		instruction(t, "HEALTHCHECK")[1:],
	}
	units, err := filepath.Glob("contrib/systemd/*.service")
	if err != nil || len(units) != 2 {
		t.Fatalf("the units are %q, %v", units, err)
	}
	for _, unit := range units {
		for _, m := range regexp.MustCompile(`(?m)^#? *ExecStart=truce (.+)$`).FindAllStringSubmatch(contrib(t, unit), -1) {
			commands = append(commands, strings.Fields(m[1]))
		}
	}
	for _, m := range regexp.MustCompile("(?m)(?:^    (?:sudo -u truce )?|`)truce ([a-z-][^|`\n]*)").FindAllStringSubmatch(contrib(t, "contrib/README.md"), -1) {
		commands = append(commands, strings.Fields(m[1]))
	}
	if len(commands) < 14 {
		t.Errorf("only %d commands were found: %q", len(commands), commands)
	}
	for _, args := range commands {
		if args[0] == "help" {
			args = args[1:]
		}
		out, err := exec.Command(path, append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Errorf("truce %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
}

// systemd takes the units, and finds the one of the machine well fenced.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze")
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"truce":      {"verify", "--man=no"},
		"truce-user": {"--user", "verify", "--man=no"},
	} {
		dir := t.TempDir()
		unit := filepath.Join(dir, "truce.service")
		text := strings.ReplaceAll(contrib(t, "contrib/systemd/"+name+".service"), "ExecStart=truce", "ExecStart="+path)
		if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("systemd-analyze", append(args, unit)...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "HOME="+dir)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", "contrib/systemd/truce.service").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
