package onednn

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
)

// Layout is how activations lie in memory. Weights are always plain.
type Layout uint8

// The layouts: (N,C,spatial…) row-major; (N,spatial…,C); (N,C/16,spatial…,16),
// which for 16 channels is the same memory as ChannelsLast.
const (
	Plain Layout = iota
	ChannelsLast
	Blocks16
)

// Elem is the element type of activations. Weights are always float32.
type Elem uint8

// The element types.
const (
	Float32  Elem = iota
	BFloat16      // weights are rounded for it at each run; their gradients are float32
)

// Direction says which operand a convolution computes.
type Direction uint8

// The directions.
const (
	Forward    Direction = iota // dst of src and weights
	GradInput                   // gradient of src, of that of dst and weights
	GradWeight                  // gradient of weights, of src and that of dst
)

// ConvDesc describes a convolution; it is its key in the cache. Arrays have
// one entry an axis, the first Spatial of them are used. Dilation 1 is dense.
type ConvDesc struct {
	Direction                              Direction
	Spatial                                int
	InLayout, OutLayout                    Layout
	Elem                                   Elem
	Groups, N, C, K                        int
	In, Kernel, Out, Stride, Pad, Dilation [3]int
}

// Conv is a convolution ready to run.
type Conv struct {
	c *C.conv
	// Scratch is the working memory of a run in bytes.
	Scratch int64
	// Implementation is the library's name of the code that runs.
	Implementation string
}

// Conv returns the convolution of d, made once.
func (l *Library) Conv(d ConvDesc) (*Conv, error) {
	if c, ok := l.convs[d]; ok {
		return c, nil
	}
	if (d.InLayout == Blocks16 || d.OutLayout == Blocks16) && !l.blocks[d.Spatial] {
		return nil, fmt.Errorf("blocks of 16 channels in %d axes: %w", d.Spatial, ErrNoPrimitive)
	}
	desc := d.c()
	var made *C.conv
	if err := check(C.onednn_conv_create(l.api, &desc, &made), "convolution"); err != nil {
		return nil, err
	}
	c := &Conv{c: made, Scratch: int64(C.onednn_conv_scratch(made)),
		Implementation: C.GoString(C.onednn_conv_name(made))}
	if d.mistrusted() {
		if ok, err := c.countsOnes(d); err != nil || !ok {
			C.onednn_conv_destroy(made)
			return nil, errors.Join(err, fmt.Errorf("convolution that miscounts: %w", ErrNoPrimitive))
		}
	}
	l.convs[d] = c
	return c, nil
}

func (d ConvDesc) c() C.conv_desc {
	c := C.conv_desc{
		direction: C.int(d.Direction), spatial: C.int(d.Spatial),
		in_layout: C.int(d.InLayout), out_layout: C.int(d.OutLayout), elem: C.elem_f32,
		groups: C.int64_t(d.Groups), n: C.int64_t(d.N), c: C.int64_t(d.C), k: C.int64_t(d.K),
		in: three(d.In), kernel: three(d.Kernel), out: three(d.Out),
		stride: three(d.Stride), pad: three(d.Pad), dilation: three(d.Dilation),
	}
	if d.Elem == BFloat16 {
		c.elem = C.elem_bf16
	}
	return c
}

func three(a [3]int) [3]C.int64_t {
	return [3]C.int64_t{C.int64_t(a[0]), C.int64_t(a[1]), C.int64_t(a[2])}
}

// IsReference tells whether the library has only its plain loops for this,
// which are slower than ours.
func (c *Conv) IsReference() bool { return strings.HasPrefix(c.Implementation, "ref") }

// IsGEMM tells whether the convolution goes through matrix products of unfolded
// input: a sign that the library has no code made for the shape.
func (c *Conv) IsGEMM() bool { return strings.Contains(c.Implementation, "gemm:") }

// Run computes the operand that the direction names. Addresses are of memory
// aligned to 64 bytes: activations and their gradients of the description's
// Elem, weights and theirs of float32; scratch has Scratch bytes.
func (c *Conv) Run(src, weights, dst, scratch uintptr) error {
	s := C.onednn_conv_run(c.c, pointer(src), pointer(weights), pointer(dst), pointer(scratch))
	return check(s, "convolution")
}
