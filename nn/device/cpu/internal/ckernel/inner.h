// The inner loops, compiled once for each instruction set and element type
// (inner_*.c). All are over elements of one kind in a row; `period` is a
// multiple of the number of channels, and parameters are repeated to fill it,
// so that loops are long whatever the number of channels. Activations are
// float32 or bfloat16; parameters are float32 and arithmetic is too.
#ifndef CLVID_CKERNEL_INNER_H
#define CLVID_CKERNEL_INNER_H

#include "ckernel.h"
#include "functions.h"
#include "tokens.h"

// ck_tap is one weight of a depthwise kernel for a row of outputs: output i, of
// those in [from, to), reads the input at element start + i*step.
typedef struct {
    const char *input;
    const float *weight; // of each channel
    int64_t start, from, to;
} ck_tap;

typedef struct {
    const char *name;
    int64_t size; // bytes of one element
    void (*elementwise)(int kind, int64_t n, const void *a, const void *b, float factor, void *y);
    // acc[0..period) += x, acc[period..2*period) += (x-shift)^2
    void (*sum_squares)(int64_t n, int64_t period, const void *x, const float *shift, double *acc);
    // acc[0..period) += dy, acc[period..) += dy*(x-mean); dy counts where gate,
    // unless it is NULL, is positive
    void (*sum_products)(int64_t n, int64_t period, const void *dy, const void *gate, const void *x,
                         const float *mean, double *acc);
    void (*sum)(int64_t n, int64_t period, const void *x, double *acc);
    // y = (x-mean)*scale + shift + residual, which may be NULL; with relu at least 0
    void (*normalize)(int64_t n, int64_t period, const void *x, const float *mean,
                      const float *scale, const float *shift, const void *residual, int relu,
                      void *y);
    // dx = scale*dy + slope*(x-mean) + shift, with dy gated as above
    void (*normalize_grad)(int64_t n, int64_t period, const void *dy, const void *gate,
                           const void *x, const float *mean, const float *scale,
                           const float *slope, const float *shift, void *dx);
    void (*add_row)(int64_t n, int64_t period, const void *x, const float *b, void *y);
    void (*spread)(int64_t places, int64_t channels, const float *dy, float factor, void *dx);
    void (*max_pool)(const ck_pool *p, int64_t sample, int64_t depth, const void *x, void *y,
                     int32_t *index);
    void (*max_pool_grad)(const ck_pool *p, int64_t sample, int64_t depth, const void *dy,
                          const int32_t *index, void *dx);
    void (*avg_pool)(const ck_pool *p, int64_t sample, int64_t depth, const void *x, void *y);
    void (*avg_pool_grad)(const ck_pool *p, int64_t sample, int64_t depth, const void *dy, void *dx);
    // y[start + i*out_step + c] = sum over taps of weight[c]*input, for i < n
    void (*weigh)(int64_t n, int64_t channels, const ck_tap *taps, int64_t count, int64_t step,
                  void *y, int64_t start, int64_t out_step);
    // sums[tap][c] += sum over i of dy[start + i*channels + c]*input
    void (*correlate)(int64_t channels, const void *dy, int64_t start, const ck_tap *taps,
                      int64_t count, int64_t step, float *sums);
    void (*from_float)(int64_t n, const float *x, void *y);
    void (*to_float)(int64_t n, const void *x, float *y);
    const tokens *tokens;
    const functions *functions;
} inner;

extern const inner inner_base, inner_base_bf16;
#if defined(__x86_64__)
extern const inner inner_avx2, inner_avx512, inner_avx2_bf16, inner_avx512_bf16;
#endif

#endif
