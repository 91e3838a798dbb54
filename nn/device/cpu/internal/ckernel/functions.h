// The inner loops of functions and of lines along an axis, compiled as those of
// inner.h are.
#ifndef CLVID_CKERNEL_FUNCTIONS_H
#define CLVID_CKERNEL_FUNCTIONS_H

#include "elements.h"

typedef struct {
    void (*function)(int f, float param, int64_t n, const void *x, void *y);
    void (*function_grad)(int f, float param, int64_t n, const void *dy, const void *at, void *dx);
    void (*softmax)(int is_log, int64_t n, const void *x, void *y);
    void (*softmax_grad)(int is_log, int64_t n, const void *dy, const void *y, void *dx);
    float (*log_sum_exp)(int64_t n, const void *x);
    float (*largest)(int64_t n, const void *x);
    // y = x*b, as add_row of inner.h is x+b
    void (*mul_row)(int64_t n, int64_t period, const void *x, const float *b, void *y);
    // acc[0..period) += a*b
    void (*dot)(int64_t n, int64_t period, const void *a, const void *b, double *acc);
    void (*dropout)(const ck_draw *d, int64_t first, int64_t n, const void *x, void *y);
} functions;

#endif
