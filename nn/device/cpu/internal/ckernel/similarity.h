// Losses over the similarities of all pairs, tile by tile: rows of a (n,d) are
// anchors that choose among the rows of b (m,d), and in the gradient the other
// way round as well.
#ifndef CLVID_CKERNEL_SIMILARITY_H
#define CLVID_CKERNEL_SIMILARITY_H

#include "ckernel.h"

// Candidates of equal ids are none. Those of anchor i are order[begin[i]..end[i]),
// rising; order is NULL where nothing is masked. A target counts in any case.
// Targets are rows of the other side, negative or beyond where they are elsewhere.
typedef struct {
    int64_t n, m, d;
    float scale; // of the products
    const float *a, *b;
    const int32_t *targets, *column_targets; // (n); (m), NULL where columns have no loss
    const int32_t *order, *begin, *end;
} ck_similarity;

// ck_logsum adds up exponentials relative to the largest so far; score is the
// target's.
typedef struct {
    double largest, sum, score;
} ck_logsum;

// Adds the candidates of each anchor but its target, whose score it stores, to
// rows (n). Column targets are not read.
int64_t ck_similarity_scratch(const ck_team *t, const ck_similarity *s);
int ck_similarity_forward(const ck_team *t, ck_sgemm *sgemm, const ck_similarity *s, ck_logsum *rows,
                          void *scratch);

// The gradient: weights of the losses and their logsumexps (INFINITY where there
// is no loss) for rows (n) and columns (m, NULL without). It writes da, db unless
// NULL, and for each row its part (n) of the gradient of scale.
typedef struct {
    const float *weights, *logsums, *column_weights, *column_logsums;
    float *da, *db;
    double *dscale;
} ck_similarity_grads;
int64_t ck_similarity_grad_scratch(const ck_team *t, const ck_similarity *s);
int ck_similarity_backward(const ck_team *t, ck_sgemm *sgemm, const ck_similarity *s,
                           const ck_similarity_grads *g, void *scratch);

// The inner loops, compiled for each instruction set (similarity_*.c).
typedef struct {
    // adds n scores to one logsum
    void (*add)(int64_t n, const float *scores, ck_logsum *sum);
    // y = weight*exp(x-logsum) + column_weight*exp(x-column_logsum), which may be
    // NULL; y may be x
    void (*shares)(int64_t n, const float *x, float weight, float logsum, const float *column_weights,
                   const float *column_logsums, float *y);
    // sum[i] += x[i]
    void (*accumulate)(int64_t n, const float *x, float *sum);
    double (*dot)(int64_t n, const float *x, const float *y);
} similarity_loops;

extern const similarity_loops similarity_base;
#if defined(__x86_64__)
extern const similarity_loops similarity_avx2, similarity_avx512;
#endif

#endif
