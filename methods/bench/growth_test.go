package bench

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// footprint is what a process holds.
type footprint struct{ goroutines, threads, resident, heap int }

func measureFootprint(t *testing.T) footprint {
	t.Helper()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc here: ", err)
	}
	f := footprint{goroutines: runtime.NumGoroutine(), heap: int(m.HeapAlloc)}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "Threads:":
			f.threads, _ = strconv.Atoi(fields[1])
		case "VmRSS:":
			kilobytes, _ := strconv.Atoi(fields[1])
			f.resident = kilobytes << 10
		}
	}
	return f
}

// Two thousand steps leave no goroutine, no thread and no memory behind.
func TestStepsDoNotGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 steps")
	}
	for _, library := range []string{"", "none"} {
		c := small(t, 4)
		c.Size = 16
		s, err := NewStep(open(t, library), c)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		take := func(steps int) footprint {
			for range steps {
				if _, err := s.Run(); err != nil {
					t.Fatal(err)
				}
			}
			return measureFootprint(t)
		}
		before := take(200) // pages are touched, threads started
		after := take(2000)
		t.Logf("library %q: %+v became %+v", library, before, after)
		// Go may start a few threads of its own at any time; a leak of one a
		// hundred steps would be 20. Per step, 1 kB is 2 MB here.
		if after.goroutines > before.goroutines || after.threads > before.threads+3 ||
			after.resident > before.resident+2<<20 || after.heap > before.heap+200<<10 {
			t.Errorf("library %q: %+v became %+v in 2,000 steps", library, before, after)
		}
	}
}
