package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// PeakRSS is the most memory that this process had resident at any time, in
// bytes: the kernel's VmHWM. Unlike getrusage's figure it starts anew with
// each program that a process executes.
func PeakRSS() (int64, error) { return memory("VmHWM:") }

// RSS is the memory that this process has resident now, in bytes.
func RSS() (int64, error) { return memory("VmRSS:") }

func memory(key string) (int64, error) {
	const file = "/proc/self/status"
	status, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("bench: memory: %w: it is read on Linux only", err)
	}
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == key {
			kilobytes, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("bench: memory: no line %s in %s", key, file)
}
