//go:build root && linux

package cli_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/truce-im/truce/cmd/internal/cli"
)

// The manual page is one that groff has nothing to say about.
func TestManualIsClean(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("needs groff")
	}
	var page, errs bytes.Buffer
	if status := cli.Run(t.Context(), []string{"man"}, cli.Stdio{Out: &page, Err: &errs}); status != 0 {
		t.Fatalf("status %d: %s", status, &errs)
	}
	cmd := exec.Command("groff", "-ww", "-T", "utf8", "-man", "-P", "-cbou")
	cmd.Stdin, cmd.Stderr = &page, &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("groff: %v: %s", err, &errs)
	}
	for _, want := range []string{"truce - an instant messenger", "EXIT STATUS", "truce react 3f9a01c2 👍 --remove", "--phrase-file"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
