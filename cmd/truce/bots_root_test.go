//go:build root && linux

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bots are the shell scripts of BOTS.md, as they stand there.
func bots(t *testing.T) (list []string) {
	t.Helper()
	b, err := os.ReadFile("../../BOTS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(b), "```sh\n")[1:] {
		script, _, _ := strings.Cut(part, "```")
		list = append(list, script)
	}
	return list
}

// Each bot answers once, also what came while it was killed, and when it is
// told of everything again.
func TestRootBots(t *testing.T) {
	for i, name := range []string{"shell", "curl"} {
		t.Run(name, func(t *testing.T) {
			ann, bot := pair(t)
			ann.start()
			bot.start()
			befriend(ann, bot)
			dir := t.TempDir()
			cursor := filepath.Join(dir, "cursor")
			run := func() (stop func()) {
				cmd := exec.Command("sh", "-c", bots(t)[i])
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "TRUCE_HOME="+bot.home, "PATH="+filepath.Dir(bot.binary)+":"+os.Getenv("PATH"))
				cmd.Stderr = os.Stderr
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				stop = func() {
					syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
					cmd.Wait()
				}
				t.Cleanup(stop)
				return stop
			}
			answered := func(text string) {
				t.Helper()
				ann.until("answered: "+text, time.Minute, func() bool {
					return strings.Contains(talk(ann, bot), "you said: "+text+"|")
				})
			}
			stop := run()
			var first []byte
			ann.until("the bot listens", time.Minute, func() bool {
				first, _ = os.ReadFile(cursor)
				return len(first) > 1 && first[len(first)-1] == '\n'
			})
			const odd = `one \n "two" $(three) 'ü'`
			ann.must("send", "Ben", odd)
			answered(odd)
			stop()
			ann.must("send", "Ben", "while it was down")
			stop = run()
			answered("while it was down")
			stop()
			if err := os.WriteFile(cursor, first, 0o600); err != nil {
				t.Fatal(err)
			}
			run()
			ann.must("send", "Ben", "last")
			answered("last")
			if rows := history(ann, bot); len(rows) != 6 {
				t.Errorf("they say %s", talk(ann, bot))
			}
		})
	}
}

// talk is the whole conversation.
func talk(m, of *machine) string {
	var b strings.Builder
	for _, r := range history(m, of) {
		b.WriteString(r.Text + "|")
	}
	return b.String()
}
