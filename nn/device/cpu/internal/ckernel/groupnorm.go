package ckernel

/*
#include "ckernel.h"
*/
import "C"

// Groups is a group normalisation of N samples that lie as (Blocks, Places,
// Channels). Gamma and Beta have a value a channel, Mean and InvStd one a
// sample and group.
type Groups struct {
	Elem                                Elem
	N, Blocks, Places, Channels, Groups int
	Eps                                 float64
	Gamma, Beta, Mean, InvStd           uintptr
}

func (g Groups) c() C.ck_groups {
	return C.ck_groups{elem: C.int(g.Elem), n: C.int64_t(g.N), blocks: C.int64_t(g.Blocks), places: C.int64_t(g.Places),
		channels: C.int64_t(g.Channels), groups: C.int64_t(g.Groups), eps: C.double(g.Eps),
		gamma: floats(g.Gamma), beta: floats(g.Beta), mean: floats(g.Mean), inv: floats(g.InvStd)}
}

// Scratch is the working memory in bytes.
func (g Groups) Scratch() int64 {
	c := g.c()
	return int64(C.ck_group_norm_scratch(&c))
}

// GroupNorm normalises x to y, which may be x, and writes Mean and InvStd.
func (t Team) GroupNorm(g Groups, x, y, scratch uintptr) {
	team, c := t.c(), g.c()
	C.ck_group_norm(&team, &c, pointer(x), pointer(y), pointer(scratch))
}

// GroupNormGrad computes dx, which may be dy, and the gradients of Gamma and
// Beta.
func (t Team) GroupNormGrad(g Groups, dy, x, dx, dgamma, dbeta, scratch uintptr) {
	team, c := t.c(), g.c()
	C.ck_group_norm_grad(&team, &c, pointer(dy), pointer(x), pointer(dx), floats(dgamma), floats(dbeta), pointer(scratch))
}
