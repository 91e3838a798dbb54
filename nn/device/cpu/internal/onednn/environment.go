package onednn

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"
)

// waitPolicy is OpenMP's variable for what idle threads do.
const waitPolicy = "OMP_WAIT_POLICY"

// bindings are OpenMP's variables that tie threads to processors. A libgomp
// that reads them as the program is loaded ties the program's first thread to one
// of them, and Go then counts a single processor.
var bindings = []string{"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"}

// EnsureEnvironment makes OpenMP's threads sleep when idle, and leaves Go the
// processors that it had. libgomp reads its environment when it is loaded, and
// another library of the program (FFmpeg's resampler needs it) may have loaded
// it already: then the program is executed again with the variables changed, and
// this call does not return. Otherwise the variable is set for the loading to
// come. Call it first thing in main, before output or goroutines that matter.
func EnsureEnvironment() error {
	_, waits := os.LookupEnv(waitPolicy)
	if !loaded("libgomp.so.1") {
		setWaitPolicy()
		return nil
	}
	env := slices.DeleteFunc(os.Environ(), isBinding)
	bound := len(env) < len(os.Environ())
	if waits && !bound {
		return nil
	}
	if !waits {
		env = append(env, waitPolicy+"=passive")
	}
	runtime.LockOSThread() // what is executed runs where this thread may
	defer runtime.UnlockOSThread()
	if bound && C.onednn_unbind() == 0 {
		return fmt.Errorf("onednn: OpenMP bound the program to one processor: unset %s", strings.Join(bindings, ", "))
	}
	if err := syscall.Exec("/proc/self/exe", os.Args, env); err != nil {
		return fmt.Errorf("onednn: start again with %s=passive: %w: set it by hand", waitPolicy, err)
	}
	return nil
}

func isBinding(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return slices.Contains(bindings, name)
}

func loaded(name string) bool {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	return C.onednn_is_loaded(n) != 0
}
