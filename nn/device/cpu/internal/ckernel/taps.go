package ckernel

/*
#include "ckernel.h"
*/
import "C"

import "fmt"

// Conv is a convolution of one group over depth, height and width; absent axes
// have size, kernel, stride and dilation 1. Activations have channels innermost.
type Conv struct {
	N, C, K                                int
	In, Out, Kernel, Stride, Pad, Dilation [3]int
}

func (c Conv) c() C.ck_conv {
	return C.ck_conv{n: C.int64_t(c.N), c: C.int64_t(c.C), k: C.int64_t(c.K), in: three(c.In), out: three(c.Out),
		kernel: three(c.Kernel), stride: three(c.Stride), pad: three(c.Pad), dilation: three(c.Dilation)}
}

// GradWeightScratch is the working memory of ConvGradWeight in bytes.
func (t Team) GradWeightScratch(c Conv) int64 {
	team, conv := t.c(), c.c()
	return int64(C.ck_conv_grad_weight_scratch(&team, &conv))
}

// ConvGradWeight computes plain dw (K,C,kernel…) of x and dy, tap by tap with
// the matrix product at the address sgemm (dnnl_sgemm).
func (t Team) ConvGradWeight(c Conv, sgemm, x, dy, dw, scratch uintptr) error {
	team, conv := t.c(), c.c()
	s := C.ck_conv_grad_weight(&team, (*C.ck_sgemm)(pointer(sgemm)), &conv, floats(x), floats(dy), floats(dw), floats(scratch))
	if s != 0 {
		return fmt.Errorf("ckernel: gradient of weights: matrix product: status %d", int(s))
	}
	return nil
}
