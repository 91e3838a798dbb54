package ckernel

/*
#include "ckernel.h"
*/
import "C"

// Depthwise is a convolution with a kernel for each channel: C and K of Conv are
// the channels of one sample, in memory side by side. Blocks of channels count
// as samples; sample i has the weights of block i % Blocks.
type Depthwise struct {
	Conv
	Elem   Elem
	Blocks int
}

// Scratch is the working memory of each direction in bytes.
func (d Depthwise) Scratch() int64 {
	c := d.c()
	return int64(C.ck_depthwise_scratch(&c, C.int64_t(d.Blocks)))
}

// Depthwise computes y of x and plain w (Blocks·C,kernel…).
func (t Team) Depthwise(d Depthwise, x, w, y, scratch uintptr) {
	team, c := t.c(), d.c()
	C.ck_depthwise(&team, &c, C.int(d.Elem), C.int64_t(d.Blocks), pointer(x), floats(w), pointer(y), floats(scratch))
}

// DepthwiseGradInput computes dx of dy and w.
func (t Team) DepthwiseGradInput(d Depthwise, dy, w, dx, scratch uintptr) {
	team, c := t.c(), d.c()
	C.ck_depthwise_grad_input(&team, &c, C.int(d.Elem), C.int64_t(d.Blocks), pointer(dy), floats(w), pointer(dx), floats(scratch))
}

// DepthwiseGradWeight computes plain float32 dw of x and dy.
func (t Team) DepthwiseGradWeight(d Depthwise, x, dy, dw, scratch uintptr) {
	team, c := t.c(), d.c()
	C.ck_depthwise_grad_weight(&team, &c, C.int(d.Elem), C.int64_t(d.Blocks), pointer(x), pointer(dy), floats(dw), floats(scratch))
}
