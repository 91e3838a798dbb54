// Kernels for functions, lines along an axis, reductions and moves of elements.
// Layouts and element types are those of ckernel.h.
#ifndef CLVID_CKERNEL_ELEMENTS_H
#define CLVID_CKERNEL_ELEMENTS_H

#include "ckernel.h"

// Functions of one number, and their gradients: dx = dy f'(at), where at is the
// value of sigmoid, tanh, exp and at_least, the argument of the others. y may be
// x, dx may be dy. Errors are stated in vector_math.h.
enum {
    ck_fn_gelu, ck_fn_gelu_tanh, ck_fn_gelu_quick, ck_fn_silu, ck_fn_sigmoid, ck_fn_tanh,
    ck_fn_softplus, ck_fn_exp, ck_fn_square, ck_fn_abs, ck_fn_at_least,
};
void ck_function(const ck_team *t, int f, float param, int elem, int64_t n, const void *x, void *y);
void ck_function_grad(const ck_team *t, int f, float param, int elem, int64_t n, const void *dy,
                      const void *at, void *dx);

// Softmax of rows of n float32, or its logarithm; y may be x, dx may be dy.
void ck_softmax(const ck_team *t, int is_log, int64_t rows, int64_t n, const float *x, float *y);
void ck_softmax_grad(const ck_team *t, int is_log, int64_t rows, int64_t n, const float *dy,
                     const float *y, float *dx);

// y = x*b or x+b, where b holds channels for every sample of r.outer (its blocks
// one after the other), repeated over places. y may be x.
void ck_sample_row(const ck_team *t, int multiply, ck_rows r, const void *x, const float *b, void *y);

// Reductions of float32 (outer,n,inner) over n, to (outer,inner). Sums of a, or
// of a*b where b is not NULL, in double precision, over a divisor.
void ck_sum_axis(const ck_team *t, int64_t outer, int64_t n, int64_t inner, const float *a,
                 const float *b, double divisor, float *y);

// The largest, or the logarithm of the sum of exponentials, of rows of n.
void ck_largest(const ck_team *t, int64_t rows, int64_t n, const float *x, float *y);
void ck_log_sum_exp(const ck_team *t, int64_t rows, int64_t n, const float *x, float *y);

// Sums over the places of each of n samples (a block of channels counts as a
// sample), of a or of a*b where b is not NULL, over a divisor.
void ck_sum_places(const ck_team *t, int elem, int64_t n, int64_t places, int64_t channels,
                   const void *a, const void *b, double divisor, float *y);

// The row x of each sample, times a factor, at all its places.
void ck_spread(const ck_team *t, int elem, int64_t n, int64_t places, int64_t channels,
               const float *x, float factor, void *y);

// y[i0..] = x at sum(i*step), over up to five axes of y, outermost first; the
// elements are words of 4 bytes.
enum { ck_axes = 5 };
typedef struct {
    int axes;
    int64_t size[ck_axes], step[ck_axes];
} ck_view;
void ck_permute(const ck_team *t, const ck_view *v, const uint32_t *x, uint32_t *y);

// Copies `count` runs of bytes, the first at x and y, the others steps behind;
// x NULL writes zeros.
void ck_copy_runs(const ck_team *t, int64_t count, int64_t bytes, const char *x, int64_t x_step,
                  char *y, int64_t y_step);

// y is x with so many elements of value before and, up to the sizes of y, behind;
// negative numbers take elements away. Elements have 2 or 4 bytes, and value is
// one of them.
enum { ck_pad_axes = 6 };
typedef struct {
    int axes, bytes;
    int64_t in[ck_pad_axes], out[ck_pad_axes], before[ck_pad_axes];
    uint32_t value;
} ck_padding;
void ck_pad(const ck_team *t, const ck_padding *p, const char *x, char *y);

// Dropout of n elements: those whose draw is below threshold are 0, the others
// are times scale (see device.DropoutAttrs). y may be x.
typedef struct {
    uint32_t low, high, threshold;
    float scale;
} ck_draw;
void ck_dropout(const ck_team *t, ck_draw d, int elem, int64_t n, const void *x, void *y);

#endif
