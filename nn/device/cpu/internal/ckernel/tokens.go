package ckernel

/*
#include "ckernel.h"
*/
import "C"

import "fmt"

// Layer is a layer normalisation of rows of D elements.
type Layer struct {
	Elem        Elem
	Rows, D     int
	Eps         float64
	Gamma, Beta uintptr
}

func (l Layer) c() C.ck_layer {
	return C.ck_layer{elem: C.int(l.Elem), rows: C.int64_t(l.Rows), d: C.int64_t(l.D), eps: C.double(l.Eps),
		gamma: floats(l.Gamma), beta: floats(l.Beta)}
}

// LayerNorm normalises x to y, which may be x; mean and inverse deviation are
// written by row.
func (t Team) LayerNorm(l Layer, x, y, mean, inv uintptr) {
	team, layer := t.c(), l.c()
	C.ck_layer_norm(&team, &layer, pointer(x), pointer(y), floats(mean), floats(inv))
}

// GradScratch is the working memory of LayerNormGrad in bytes.
func (l Layer) GradScratch() int64 {
	return int64(C.ck_layer_norm_scratch(C.int64_t(l.Rows), C.int64_t(l.D)))
}

// LayerNormGrad computes dx, which may be dy, and the gradients of gamma and
// beta.
func (t Team) LayerNormGrad(l Layer, dy, x, mean, inv, dx, dgamma, dbeta, scratch uintptr) {
	team, layer := t.c(), l.c()
	C.ck_layer_norm_grad(&team, &layer, pointer(dy), pointer(x), floats(mean), floats(inv), pointer(dx),
		floats(dgamma), floats(dbeta), pointer(scratch))
}

// Size is the bytes of one element.
func (e Elem) Size() int {
	if e == BFloat16 {
		return 2
	}
	return 4
}

// Attention is the geometry of an attention; D is the size of one head, Biases
// the first axis of the bias or 0.
type Attention struct {
	Elem                        Elem
	Causal                      bool
	N, LQ, LK, Heads, D, Biases int
	Scale                       float64
}

func (a Attention) c() C.ck_attention {
	return C.ck_attention{elem: C.int(a.Elem), causal: flag(a.Causal), n: C.int64_t(a.N), lq: C.int64_t(a.LQ),
		lk: C.int64_t(a.LK), heads: C.int64_t(a.Heads), d: C.int64_t(a.D), biases: C.int64_t(a.Biases), scale: C.float(a.Scale)}
}

// Heads are rows of all heads, Stride elements apart.
type Heads struct {
	At     uintptr
	Stride int
}

// AttentionInputs are what both directions read: mask and bias are 0 where
// there are none; Logs is written forward.
type AttentionInputs struct {
	Q, K, V, Y       Heads // Y is written forward
	Mask, Bias, Logs uintptr
}

// AttentionGrads are what the gradient reads and writes: DBias is 0 where there
// is no bias.
type AttentionGrads struct {
	DY         Heads
	DQ, DK, DV Heads
	DBias      uintptr
}

// AttentionScratch is the working memory in bytes.
func (t Team) AttentionScratch(a Attention, backward bool) int64 {
	team, attention := t.c(), a.c()
	return int64(C.ck_attention_scratch(&team, &attention, flag(backward)))
}

// Attention computes y and logs by sgemm, the address of dnnl_sgemm.
func (t Team) Attention(a Attention, sgemm uintptr, in AttentionInputs, scratch uintptr) error {
	team, attention := t.c(), a.c()
	h := heads(in.Q, in.K, in.V, in.Y)
	s := C.ck_attention_forward(&team, (*C.ck_sgemm)(pointer(sgemm)), &attention, floats(in.Mask), floats(in.Bias),
		&h[0], floats(in.Logs), pointer(scratch))
	return attentionError(s)
}

// AttentionGrad computes the gradients.
func (t Team) AttentionGrad(a Attention, sgemm uintptr, in AttentionInputs, g AttentionGrads, scratch uintptr) error {
	team, attention := t.c(), a.c()
	h := heads(in.Q, in.K, in.V, in.Y, g.DY, g.DQ, g.DK, g.DV)
	s := C.ck_attention_backward(&team, (*C.ck_sgemm)(pointer(sgemm)), &attention, floats(in.Mask), floats(in.Bias),
		&h[0], floats(in.Logs), floats(g.DBias), pointer(scratch))
	return attentionError(s)
}

func heads(hs ...Heads) [8]C.ck_heads {
	var all [8]C.ck_heads
	for i, h := range hs {
		all[i] = C.ck_heads{at: pointer(h.At), stride: C.int64_t(h.Stride)}
	}
	return all
}

func attentionError(status C.int) error {
	if status != 0 {
		return fmt.Errorf("ckernel: attention: matrix product: status %d", int(status))
	}
	return nil
}
