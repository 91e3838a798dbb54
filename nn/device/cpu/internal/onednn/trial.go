package onednn

import (
	"fmt"
	"syscall"
	"unsafe"
)

// oneDNN computes some gradients of weights in bfloat16 from memory that nobody
// wrote: on maps that are shorter than the kernel, the last channels come out
// wrong or NaN (2.6 on maps of three frames, 3.2 on more). So each of them is
// tried once, on ones, where every gradient is a count; one that fails counts as
// not there.

// mistrusted tells which convolutions are tried.
func (d ConvDesc) mistrusted() bool { return d.Elem == BFloat16 && d.Direction == GradWeight }

// trial is what a run needs, poisoned: NaN in every type. Its pages go back to
// the system at once; the heap of C would keep them.
type trial struct{ x, dw, dy, scratch []byte }

func newTrial(d ConvDesc, scratch int64) (*trial, error) {
	t := &trial{}
	for buffer, bytes := range map[*[]byte]int{
		&t.x: 2 * d.N * d.C * volume(d.In), &t.dy: 2 * d.N * d.K * volume(d.Out),
		&t.dw: 4 * d.K * d.C / d.Groups * volume(d.Kernel), &t.scratch: int(scratch),
	} {
		pages, err := syscall.Mmap(-1, 0, max(bytes, 1), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.free()
			return nil, fmt.Errorf("onednn: %d bytes to try a convolution in: %w", bytes, err)
		}
		*buffer = pages
		for i := range *buffer {
			(*buffer)[i] = 0xff
		}
	}
	return t, nil
}

func (t *trial) free() {
	for _, b := range [][]byte{t.x, t.dw, t.dy, t.scratch} {
		if b != nil {
			_ = syscall.Munmap(b) // fails only for addresses that Mmap did not give
		}
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
