package onednn

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// waitPolicy is OpenMP's variable for what idle threads do.
const waitPolicy = "OMP_WAIT_POLICY"

// EnsureEnvironment makes OpenMP's threads sleep when idle. libgomp reads its
// environment when it is loaded, and another library of the program (FFmpeg's
// resampler needs it) may have loaded it already: then the program is
// executed again with the variable set, and this call does not return.
// Otherwise the variable is set for the loading to come. Call it first thing
// in main, before output or goroutines that matter.
func EnsureEnvironment() error {
	if _, set := os.LookupEnv(waitPolicy); set {
		return nil
	}
	if !loaded("libgomp.so.1") {
		setWaitPolicy()
		return nil
	}
	env := append(os.Environ(), waitPolicy+"=passive")
	if err := syscall.Exec("/proc/self/exe", os.Args, env); err != nil {
		return fmt.Errorf("onednn: start again with %s=passive: %w: set it by hand", waitPolicy, err)
	}
	return nil
}

func loaded(name string) bool {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	return C.onednn_is_loaded(n) != 0
}
