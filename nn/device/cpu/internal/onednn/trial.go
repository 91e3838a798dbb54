package onednn

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// oneDNN computes some gradients of weights in bfloat16 from memory that nobody
// wrote: on maps that are shorter than the kernel, the last channels come out
// wrong or NaN (2.6 on maps of three frames, 3.2 on more). So each of them is
// tried once, on ones, where every gradient is a count; one that fails counts as
// not there.

// mistrusted tells which convolutions are tried.
func (d ConvDesc) mistrusted() bool { return d.Elem == BFloat16 && d.Direction == GradWeight }

var errOutOfMemory = errors.New("onednn: no memory to try a convolution in")

// trial allocates what a run needs; all is poisoned, NaN in every type.
type trial struct{ x, dw, dy, scratch []byte }

func newTrial(d ConvDesc, scratch int64) (*trial, error) {
	t := &trial{}
	for buffer, bytes := range map[*[]byte]int{
		&t.x: 2 * d.N * d.C * volume(d.In), &t.dy: 2 * d.N * d.K * volume(d.Out),
		&t.dw: 4 * d.K * d.C / d.Groups * volume(d.Kernel), &t.scratch: int(scratch),
	} {
		const alignment = 64
		p := C.aligned_alloc(alignment, C.size_t((bytes+alignment)/alignment*alignment))
		if p == nil {
			t.free()
			return nil, errOutOfMemory
		}
		*buffer = unsafe.Slice((*byte)(p), bytes+1)[:bytes]
		for i := range *buffer {
			(*buffer)[i] = 0xff
		}
	}
	return t, nil
}

func (t *trial) free() {
	for _, b := range [][]byte{t.x, t.dw, t.dy, t.scratch} {
		C.free(unsafe.Pointer(unsafe.SliceData(b)))
	}
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// countsOnes runs c on ones and checks the counts.
func (c *Conv) countsOnes(d ConvDesc) (bool, error) {
	t, err := newTrial(d, c.Scratch)
	if err != nil {
		return false, err
	}
	defer t.free()
	for _, b := range [][]byte{t.x, t.dy} {
		for i := 0; i < len(b); i += 2 {
			b[i], b[i+1] = 0x80, 0x3f // 1 in bfloat16
		}
	}
	if err := c.Run(address(t.x), address(t.dw), address(t.dy), address(t.scratch)); err != nil {
		return false, err
	}
	dw := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(t.dw))), len(t.dw)/4)
	taps := volume(d.Kernel)
	for tap := range taps {
		want := float32(d.N * d.meetings(tap))
		for i := tap; i < len(dw); i += taps {
			if dw[i] != want {
				return false, nil
			}
		}
	}
	return true, nil
}

// meetings is the number of outputs whose input lies within for one tap.
func (d ConvDesc) meetings(tap int) int {
	at := [3]int{tap / d.Kernel[2] / d.Kernel[1], tap / d.Kernel[2] % d.Kernel[1], tap % d.Kernel[2]}
	count := 1
	for axis := range 3 {
		within := 0
		for o := range d.Out[axis] {
			if i := o*d.Stride[axis] - d.Pad[axis] + at[axis]*d.Dilation[axis]; i >= 0 && i < d.In[axis] {
				within++
			}
		}
		count *= within
	}
	return count
}

func volume(a [3]int) int { return a[0] * a[1] * a[2] }
