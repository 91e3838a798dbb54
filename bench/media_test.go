package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
)

// Peers that are missing are named, and clvid is measured without them; those in
// CLVID_PYTHON are measured beside it.
func TestComparesDecoding(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	video := filepath.Join(sharedtest.Dir(t), "data", "clips", "carphone.mp4")
	clvid := filepath.Join(t.TempDir(), "clvid")
	if said, err := exec.Command("go", "build", "-o", clvid, "../cmd/clvid").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, said)
	}
	fake := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho '{\"missing\": \"no such module\"}'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"run_media.py", "--clvid", clvid, "--clips", "2", "--rounds", "1", "--views", "2", "--peers", "pyav", video}
	for python, want := range map[string]string{fake: "Left out: pyav: no such module", os.Getenv("CLVID_PYTHON"): "| carphone | 2 | "} {
		if python == "" {
			continue
		}
		c := exec.Command("python3", args...)
		c.Env = append(os.Environ(), "CLVID_PYTHON="+python)
		said, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(said), want) || !strings.Contains(string(said), "one thread each") {
			t.Errorf("%v: want %q in: %s", err, want, said)
		}
	}
}
