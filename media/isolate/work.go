package isolate

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/clvid/clvid/media"
)

// Descriptors that a worker finds open beside standard input, where calls
// arrive. Answers do not go to standard output, as a C library may write there.
const (
	answersFD = 3
	sharedFD  = 4
)

// Work serves dec to the process that started this one, and ends the process
// when that does. memory bounds what it may take beyond what it has now, in
// bytes; 0 is no bound. It returns only where the connection is unusable.
func Work(dec media.Decoder, memory int64) error {
	signal.Ignore(os.Interrupt) // the parent says when to stop
	if err := limit(memory); err != nil {
		return err
	}
	answers, file := os.NewFile(answersFD, "answers"), os.NewFile(sharedFD, "shared")
	if answers == nil || file == nil {
		return fmt.Errorf("isolate: descriptors %d and %d are not open: workers are started by the program alone", answersFD, sharedFD)
	}
	shared, err := mapShared(file)
	if err != nil {
		return fmt.Errorf("%w: workers are started by the program alone", err)
	}
	// A decoder deep in C does not return to see the end of its input.
	return serve(os.Stdin, answers, shared, dec, func() { os.Exit(0) })
}

// limit bounds private memory by the kernel, where an allocation then fails,
// and keeps crashes from writing memory to the disk. Address space would be the
// wrong thing to bound: Go and threads reserve much and touch little.
func limit(memory int64) error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("isolate: forbid core files: %w", err)
	}
	if memory <= 0 {
		return nil
	}
	now, err := privateMemory()
	if err != nil {
		return err
	}
	most := uint64(now + memory)
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		return fmt.Errorf("isolate: bound memory to %d bytes: %w", most, err)
	}
	debug.SetMemoryLimit(memory / 2) // collect in time what Go alone keeps
	return nil
}

// privateMemory is what RLIMIT_DATA counts, in bytes.
func privateMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("isolate: memory in use: %w", err)
	}
	_, after, _ := strings.Cut(string(status), "VmData:")
	number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kB, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("isolate: memory in use: VmData of /proc/self/status: %w", err)
	}
	return kB << 10, nil
}
