// The inner loops, compiled once for each instruction set (inner_*.c). All are
// over the elements or rows of one chunk; `period` is a multiple of the number
// of channels, and parameters are repeated to fill it, so that loops are long
// whatever the number of channels.
#ifndef CLVID_CKERNEL_INNER_H
#define CLVID_CKERNEL_INNER_H

#include "ckernel.h"

typedef struct {
    const char *name;
    void (*elementwise)(int kind, int64_t n, const float *a, const float *b, float factor, float *y);
    // acc[0..period) += x, acc[period..2*period) += (x-shift)^2
    void (*sum_squares)(int64_t n, int64_t period, const float *x, const float *shift, double *acc);
    // acc[0..period) += dy, acc[period..) += dy*(x-mean)
    void (*sum_products)(int64_t n, int64_t period, const float *dy, const float *x,
                         const float *mean, double *acc);
    void (*sum)(int64_t n, int64_t period, const float *x, double *acc);
    // y = (x-mean)*scale + shift
    void (*normalize)(int64_t n, int64_t period, const float *x, const float *mean,
                      const float *scale, const float *shift, float *y);
    // dx = scale*dy + slope*(x-mean) + shift
    void (*normalize_grad)(int64_t n, int64_t period, const float *dy, const float *x,
                           const float *mean, const float *scale, const float *slope,
                           const float *shift, float *dx);
    void (*add_row)(int64_t n, int64_t period, const float *x, const float *b, float *y);
    void (*max_pool)(const ck_pool *p, int64_t sample, int64_t depth, const float *x, float *y,
                     int32_t *index);
    void (*max_pool_grad)(const ck_pool *p, int64_t sample, int64_t depth, const float *dy,
                          const int32_t *index, float *dx);
} inner;

extern const inner inner_base;
#if defined(__x86_64__)
extern const inner inner_avx2, inner_avx512;
#endif

#endif
