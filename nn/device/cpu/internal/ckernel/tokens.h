// The inner loops of transformers, compiled as those of inner.h are: rows of
// one token's features, and of one query's products with all keys. Products
// are float32 whatever the element type.
#ifndef CLVID_CKERNEL_TOKENS_H
#define CLVID_CKERNEL_TOKENS_H

#include "ckernel.h"

typedef struct {
    // y = (x-mean)*inv*gamma + beta by row; mean and inv are written.
    void (*layer_norm)(int64_t rows, int64_t d, double eps, const void *x, const float *gamma,
                       const float *beta, void *y, float *mean, float *inv);
    // dx; gamma's and beta's gradients are added to sums[0..d) and sums[d..2d).
    void (*layer_norm_grad)(int64_t rows, int64_t d, const void *dy, const void *x,
                            const float *gamma, const float *mean, const float *inv, void *dx,
                            float *sums);
    // s = s*scale + bias, which may be NULL; -inf from key `limit` on and where
    // mask, which may be NULL, is 0.
    void (*score)(int64_t n, float scale, const float *bias, const float *mask, int64_t limit,
                  float *s);
    // Scores become weights; the logarithm of their sum, +inf where nothing is
    // seen, is returned.
    float (*softmax)(int64_t n, float *s);
    void (*weights)(int64_t n, float log, float *s); // exp(s-log)
    // ds = p*(ds-along)
    void (*score_grad)(int64_t n, const float *p, float along, float *ds);
    void (*add)(int64_t n, const float *x, float *y); // y += x
    float (*dot)(int64_t n, const float *a, const float *b);
} tokens;

#endif
