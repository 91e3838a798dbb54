// Package bench holds the comparison with PyTorch, which is Python.
package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Without PyTorch the comparison says so and is no failure.
func TestSaysWhereNoPyTorchIs(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	fake := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for interpreter, reason := range map[string]string{
		fake:               "No module named 'torch'",
		"/nowhere/python3": "No such file or directory",
	} {
		c := exec.Command(python, "run.py")
		c.Env = append(os.Environ(), "CLVID_PYTHON="+interpreter)
		said, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(said), "no PyTorch to compare with") || !strings.Contains(string(said), reason) {
			t.Errorf("%s: %v: %s", interpreter, err, said)
		}
	}
}

// torchPython is a Python with PyTorch, which CLVID_PYTHON names.
func torchPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("CLVID_PYTHON")
	if python == "" {
		t.Skip("CLVID_PYTHON names no Python with PyTorch")
	}
	return python
}

// Both sides measure the same network: equal numbers of parameters, and a table
// with both ratios.
func TestCompares(t *testing.T) {
	torchPython(t)
	clvid := filepath.Join(t.TempDir(), "clvid")
	if said, err := exec.Command("go", "build", "-o", clvid, "../cmd/clvid").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, said)
	}
	c := exec.Command("python3", "run.py", "--clvid", clvid, "--rows", "r3d-10", "--frames", "4", "--size", "32", "--batch", "4",
		"--steps", "1", "--rounds", "1", "--precisions", "f32")
	said, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "| r3d-10 4x3x4x32x32 | f32 | ") || strings.Contains(string(said), "Not the same network") {
		t.Errorf("%v: %s", err, said)
	}
}
