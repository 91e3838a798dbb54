package ckernel

/*
#include "similarity.h"
*/
import "C"

import "fmt"

// Similarity is a loss over the similarities of all pairs of rows of A (N,D) and B
// (M,D). Targets are rows of the other side, int32; those elsewhere are negative
// or too large. Order, Begin and End, int32, name the masked candidates of each
// row; 0 where there are none.
type Similarity struct {
	N, M, D                int
	Scale                  float32
	A, B                   uintptr
	Targets, ColumnTargets uintptr // (N); (M), 0 where columns have no loss
	Order, Begin, End      uintptr // (M), (N), (N)
}

func (s Similarity) c() C.ck_similarity {
	return C.ck_similarity{n: C.int64_t(s.N), m: C.int64_t(s.M), d: C.int64_t(s.D), scale: C.float(s.Scale),
		a: floats(s.A), b: floats(s.B), targets: int32s(s.Targets), column_targets: int32s(s.ColumnTargets),
		order: int32s(s.Order), begin: int32s(s.Begin), end: int32s(s.End)}
}

// LogSum adds up exponentials relative to the largest so far; Score is the
// target's.
type LogSum struct{ Largest, Sum, Score float64 }

// SimilarityScratch and SimilarityGradScratch are the working memory in bytes.
func (t Team) SimilarityScratch(s Similarity) int64 {
	team, c := t.c(), s.c()
	return int64(C.ck_similarity_scratch(&team, &c))
}

// SimilarityGradScratch is that of SimilarityGrad.
func (t Team) SimilarityGradScratch(s Similarity) int64 {
	team, c := t.c(), s.c()
	return int64(C.ck_similarity_grad_scratch(&team, &c))
}

// Similarity adds the candidates of each row but its target, whose score it
// stores, to the LogSums (N) at rows, by the matrix product at sgemm (dnnl_sgemm).
func (t Team) Similarity(s Similarity, sgemm, rows, scratch uintptr) error {
	team, c := t.c(), s.c()
	return status(C.ck_similarity_forward(&team, (*C.ck_sgemm)(pointer(sgemm)), &c, (*C.ck_logsum)(pointer(rows)), pointer(scratch)))
}

// SimilarityGrads are the operands of the gradient: weights of the losses and
// their logsumexps, +Inf where there is no loss, and what is written: DA, DB
// (0 for none) and the rows' parts of the gradient of the scale, float64 (N).
type SimilarityGrads struct {
	Weights, LogSums, ColumnWeights, ColumnLogSums uintptr
	DA, DB, DScale                                 uintptr
}

// SimilarityGrad computes the gradient.
func (t Team) SimilarityGrad(s Similarity, g SimilarityGrads, sgemm, scratch uintptr) error {
	team, c := t.c(), s.c()
	grads := C.ck_similarity_grads{weights: floats(g.Weights), logsums: floats(g.LogSums),
		column_weights: floats(g.ColumnWeights), column_logsums: floats(g.ColumnLogSums),
		da: floats(g.DA), db: floats(g.DB), dscale: (*C.double)(pointer(g.DScale))}
	return status(C.ck_similarity_backward(&team, (*C.ck_sgemm)(pointer(sgemm)), &c, &grads, pointer(scratch)))
}

func status(s C.int) error {
	if s != 0 {
		return fmt.Errorf("ckernel: similarity: matrix product: status %d", int(s))
	}
	return nil
}

func int32s(p uintptr) *C.int32_t { return (*C.int32_t)(pointer(p)) }
