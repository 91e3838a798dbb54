package loss

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

// peakBytes is the largest resident size of this process since the last reset.
func peakBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc here: ", err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// resetPeak lets it start from what is resident now.
func resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip("the peak cannot be reset here: ", err)
	}
}

// Loss and gradient of 32,768 pairs of width 128 take less than half a gigabyte
// beside their inputs, where a matrix of logits would be 4 GB for CLIP and 17 GB
// for NTXent; a smaller batch, in short runs, less in proportion.
func TestMemoryIsLinearInTheBatch(t *testing.T) {
	n, most := 32768, int64(1)<<29
	if testing.Short() {
		n, most = 2048, 1<<25
	}
	for _, l := range largeLosses(n, 128)[:2] {
		t.Run(l.name, func(t *testing.T) {
			be := openCPU(t, "")
			inputs := int64(0)
			for _, shape := range l.shapes {
				inputs += device.Type{Shape: shape}.Bytes()
			}
			r := runOf(t, be, device.Float32, l, l.tiled)
			if arena := r.machine.ArenaBytes(); arena > most {
				t.Errorf("an arena of %d bytes, want at most %d", arena, most)
			}
			debug.FreeOSMemory() // what drawing the inputs took
			resetPeak(t)
			before := peakBytes(t)
			if err := r.machine.RunAll(); err != nil {
				t.Fatal(err)
			}
			taken := peakBytes(t) - before
			t.Logf("%d pairs: %d MB beside inputs of %d MB, arena %d MB", n, taken>>20, inputs>>20, r.machine.ArenaBytes()>>20)
			if taken > most {
				t.Errorf("%d bytes, want at most %d", taken, most)
			}
		})
	}
}
