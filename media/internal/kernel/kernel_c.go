//go:build cgo

package kernel

// -std=c11, as in ISO mode GCC fuses no product with a sum.

/*
#cgo CFLAGS: -O3 -Wall -Wno-psabi -std=c11
#include "kernel.h"
*/
import "C"

import "unsafe"

// Resize renders one plane: the axes' taps over src, whose rows are stride bytes
// apart, as len(y.First) rows of len(x.First) values in dst. line is working
// memory of x.Work() values, of any content.
func Resize(dst []float32, src []byte, stride int, x, y *Axis, line []float32) {
	w, h := len(x.First), len(y.First)
	from, last := y.From*stride+x.From, (y.To-1)*stride+x.To
	// C checks nothing: the slices below would panic on what does not fit.
	dst, src, line = dst[:w*h], src[from:last], line[:x.Work()]
	C.clvid_resize(floats(dst), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(src))), C.ptrdiff_t(stride), floats(line), C.int(x.Reach()),
		C.int(w), C.int(x.Taps), ints(x.First), floats(x.Weights), C.int(h), C.int(y.Taps), ints(y.First), floats(y.Weights))
}

// Convert turns planes y, u, v into r, g, b, all of len(r) values.
func Convert(r, g, b, y, u, v []float32, c *Colour) {
	n := len(r)
	C.clvid_colour(floats(r), floats(g[:n]), floats(b[:n]), floats(y[:n]), floats(u[:n]), floats(v[:n]), C.int(n),
		floats(c.M[0][:]), floats(c.Scale[:]), floats(c.Offset[:]))
}

func floats(s []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(s))) }
func ints(s []int32) *C.int32_t   { return (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(s))) }
