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

// What the Containerfile builds runs on an empty image as nobody in particular, is found
// healthy, and ends cleanly: here in a root directory and a network of its own.
func TestContainer(t *testing.T) {
	root := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(root, "truce"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	const home, nobody = "/home/truce", 65532
	for dir, mode := range map[string]os.FileMode{"": 0o755, "home": 0o755, home: 0o700} {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(root, home), nobody, nobody); err != nil {
		t.Fatal(err)
	}
	inside := func(words []string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(root, words[0]))
		cmd.Path, cmd.Args, cmd.Dir, cmd.Env = words[0], words, "/", []string{"TRUCE_HOME=" + home, "TRUCE_BOOTSTRAP=none"}
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Cloneflags: syscall.CLONE_NEWNET,
		}
		return cmd
	}
	var printed strings.Builder
	run := inside(append(instruction(t, "ENTRYPOINT"), instruction(t, "CMD")...))
	run.Stdout, run.Stderr = &printed, &printed
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	defer run.Process.Kill()

	check := instruction(t, "HEALTHCHECK")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(time.Minute); ; <-tick.C {
		out, err := inside(check).CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("it is not healthy: %v: %s; it says %s", err, out, &printed)
		}
	}
	run.Process.Signal(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v, and says %s", err, &printed)
	}
	if out, err := inside(check).CombinedOutput(); err == nil {
		t.Errorf("what has ended is healthy: %s", out)
	}
}
