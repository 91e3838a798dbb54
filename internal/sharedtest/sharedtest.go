// Package sharedtest finds the shared data packs that some tests read. It is
// for tests alone.
package sharedtest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Root returns the module's root folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Dir returns the folder of the shared data: CLVID_SHARED, or shared beside
// the module's root. Where there is none the test is skipped with a message,
// but fails under CI=true, so that CI never passes by not looking.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CLVID_SHARED")
	if dir == "" {
		dir = filepath.Join(Root(), "..", "shared")
	} else if !filepath.IsAbs(dir) {
		dir = filepath.Join(Root(), dir)
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("sharedtest: no shared data at %s: set CLVID_SHARED to its folder", dir)
	}
	t.Skipf("no shared data at %s: set CLVID_SHARED to its folder to run this test", dir)
	return ""
}
