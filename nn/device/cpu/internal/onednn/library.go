// Package onednn loads oneDNN 2.x or 3.x at run time and offers the little of
// it that the CPU back end uses: convolutions with their gradients, and matrix
// products. Activations of convolutions are float32 or bfloat16; all weights, and
// matrix products, are float32. Nothing is linked: a machine without the library
// gets an error from Open, not from the loader.
//
// One OS thread must make all calls on a Library: OpenMP keeps a team of
// threads for each thread that calls it.
package onednn

/*
#cgo CFLAGS: -O2 -Wall
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"
)

// ErrNotFound tells that no library of the searched names could be opened.
var ErrNotFound = errors.New("onednn: no library found")

// names are searched in this order; the loader's usual places apply.
var names = []string{"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}

// Library is an open oneDNN.
type Library struct {
	api     *C.api
	path    string
	threads int
	convs   map[ConvDesc]*Conv
	blocks  map[int]bool // spatial axes -> blocks of 16 channels can be named
}

// Open loads the library at path, or the first found where path is "". It
// runs on the given number of threads.
func Open(path string, threads int) (*Library, error) {
	setWaitPolicy()
	if path != "" {
		return open(path, threads)
	}
	var reasons []string
	for _, name := range names {
		l, err := open(name, threads)
		if err == nil {
			return l, nil
		}
		reasons = append(reasons, err.Error())
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, strings.Join(reasons, "; "))
}

func open(path string, threads int) (*Library, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var reason [256]C.char
	api := C.onednn_load(name, C.int(threads), &reason[0], C.size_t(len(reason)))
	if api == nil {
		return nil, fmt.Errorf("onednn: open %s: %s", path, C.GoString(&reason[0]))
	}
	l := &Library{api: api, path: path, threads: threads, convs: map[ConvDesc]*Conv{}, blocks: map[int]bool{}}
	for spatial := 1; spatial <= 3; spatial++ {
		l.blocks[spatial] = l.probeBlocks16(spatial)
	}
	return l, nil
}

// setWaitPolicy lets OpenMP's idle threads sleep instead of spin, which would
// starve decoding. It must precede the loading of libgomp, which reads its
// environment once (see EnsureEnvironment).
func setWaitPolicy() {
	if _, set := os.LookupEnv(waitPolicy); !set {
		_ = os.Setenv(waitPolicy, "passive") // fails only on malformed names
	}
}

// Version is the library's, such as "2.6.3".
func (l *Library) Version() string {
	v := l.api.version
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

// Parallel returns the address of GOMP_parallel, by which other C code can share the library's threads; ok is false where the
// library was built without OpenMP.
func (l *Library) Parallel() (parallel uintptr, ok bool) {
	if C.onednn_has_openmp(l.api) == 0 {
		return 0, false
	}
	return uintptr(*(*unsafe.Pointer)(unsafe.Pointer(&l.api.gomp_parallel))), true
}

// SGEMM returns the address of dnnl_sgemm. Called within a parallel region it
// computes on the calling thread alone.
func (l *Library) SGEMM() uintptr {
	return uintptr(*(*unsafe.Pointer)(unsafe.Pointer(&l.api.sgemm)))
}

// MatMul computes row-major z (m,n) = x·y with x (m,k), stored (k,m) where
// transX, and y (k,n), stored (n,k) where transY. The operands are addresses
// of float32 memory outside Go's heap, or of pinned Go memory.
func (l *Library) MatMul(transX, transY bool, m, n, k int, x, y, z uintptr) error {
	s := C.onednn_matmul(l.api, flag(transX), flag(transY), C.int64_t(m), C.int64_t(n), C.int64_t(k),
		floats(x), floats(y), floats(z))
	return check(s, "matmul")
}

// Close destroys every primitive. The library stays mapped, for OpenMP's threads
// may still be running in it.
func (l *Library) Close() error {
	for _, c := range l.convs {
		C.onednn_conv_destroy(c.c)
	}
	l.convs = nil
	C.onednn_unload(l.api)
	l.api = nil
	return nil
}

// probeBlocks16 learns by a small reorder whether the library's number for
// "blocks of 16 channels, channels innermost" is the one we know.
func (l *Library) probeBlocks16(spatial int) bool {
	const channels, places = 32, 2
	shape := [5]C.int64_t{1, channels, 1, 1, 1}
	shape[1+spatial] = places
	src, dst := make([]float32, channels*places), make([]float32, channels*places)
	for i := range src {
		src[i] = float32(i + 1)
	}
	s := C.onednn_probe_blocks16(l.api, C.int(2+spatial), &shape[0], (*C.float)(&src[0]), (*C.float)(&dst[0]))
	if s != 0 {
		return false
	}
	for c := range channels {
		for p := range places {
			if dst[(c/16)*16*places+p*16+c%16] != src[c*places+p] {
				return false
			}
		}
	}
	return true
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// floats turns an address into a C pointer without Go's checks for pointers
// made of integers: the memory is not Go's.
func floats(p uintptr) *C.float { return (*C.float)(pointer(p)) }

func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// statusNames are oneDNN's statuses by number, 0 being success. Number 3 is the
// library's answer that it has no primitive for a description.
var statusNames = []string{"success", "out of memory", "invalid arguments", "no such primitive",
	"last implementation reached", "runtime error", "not required"}

// ErrNoPrimitive tells that the library has no primitive for a description;
// callers then use kernels of their own.
var ErrNoPrimitive = errors.New("onednn: no such primitive")

func check(status C.int, what string) error {
	switch {
	case status == 0:
		return nil
	case status == 3:
		return fmt.Errorf("%s: %w", what, ErrNoPrimitive)
	case int(status) < len(statusNames):
		return fmt.Errorf("onednn: %s: %s", what, statusNames[status])
	}
	return fmt.Errorf("onednn: %s: status %d", what, int(status))
}
