package main

import (
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
)

// TestInspectSaysWhatMatters: what training has to know of a file's pictures.
func TestInspectSaysWhatMatters(t *testing.T) {
	hostile := filepath.Join(sharedtest.Dir(t), "data", "hostile")
	for name, words := range map[string]string{
		"testsrc2_hdr.mp4":     "bt2020, limited range, chroma sited left, HDR (PQ)",
		"interlaced_mpeg2.mpg": "160 x 128, interlaced",
		"vfr.mp4":              "43 at a variable rate, 14.14 per second on average",
	} {
		wants(t, mustRun(t, "inspect", filepath.Join(hostile, name)), words)
	}
}
