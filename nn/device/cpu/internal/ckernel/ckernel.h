// Kernels for float32 activations whose channels lie innermost: a tensor
// (N,C,spatial...) is rows of C values, N*spatial of them.
//
// Work is cut into chunks by shape alone, never by the number of threads, and
// partial sums are added in the order of chunks: results do not depend on how
// many threads run. Sums over rows are taken in double precision.
#ifndef CLVID_CKERNEL_H
#define CLVID_CKERNEL_H

#include <stddef.h>
#include <stdint.h>

// ck_team is who works: the address of GOMP_parallel, or NULL for the calling
// thread alone.
typedef struct {
    void *gomp_parallel;
    int threads;
} ck_team;

// ck_level names the instruction set in use.
const char *ck_level(void);

// ck_pass_over leaves out the given number of best instruction sets, for tests;
// it returns 0 where none would be left.
int ck_pass_over(int better);

typedef struct {
    int64_t rows, channels;
} ck_rows;

// ck_rows_scratch is the working memory in bytes of the functions that take it.
int64_t ck_rows_scratch(ck_rows r);

// Elementwise, n values; y may be a or b.
enum { ck_add, ck_sub, ck_mul, ck_relu, ck_relu_grad, ck_scale };
void ck_elementwise(const ck_team *t, int kind, int64_t n, const float *a, const float *b,
                    float factor, float *y);

// Batch normalisation: mean and invstd are written; with train they are the
// batch's, and the running statistics are moved towards them by momentum
// (unbiased variance), otherwise they are the running ones. y may be x.
typedef struct {
    int train;
    double eps, momentum;
    const float *gamma, *beta;
    float *running_mean, *running_var, *mean, *invstd;
} ck_norm;
void ck_bn_forward(const ck_team *t, ck_rows r, const ck_norm *n, const float *x, float *y,
                   void *scratch);

// Its gradient; dx may be dy. Without train the statistics count as constants.
typedef struct {
    int train;
    const float *gamma, *mean, *invstd;
    float *dgamma, *dbeta;
} ck_norm_grad;
void ck_bn_backward(const ck_team *t, ck_rows r, const ck_norm_grad *n, const float *dy,
                    const float *x, float *dx, void *scratch);

// Sums over rows (to one row), and a row added to every row.
void ck_sum_rows(const ck_team *t, ck_rows r, const float *x, float *sum, void *scratch);
void ck_add_row(const ck_team *t, ck_rows r, const float *x, const float *b, float *y, void *scratch);

// Means over the `places` rows of each of n samples, and their gradient.
// Scratch of ck_mean: n*channels doubles.
void ck_mean(const ck_team *t, int64_t n, int64_t places, int64_t channels, const float *x, float *y,
             double *scratch);
void ck_mean_grad(const ck_team *t, int64_t n, int64_t places, int64_t channels, const float *dy,
                  float *dx);

// Pooling over depth, height and width; unused axes have size and kernel 1.
typedef struct {
    int64_t n, channels;
    int64_t in[3], out[3], kernel[3], stride[3], pad[3];
} ck_pool;

// index: flat place of the maximum within the sample's in[0]*in[1]*in[2].
void ck_max_pool(const ck_team *t, const ck_pool *p, const float *x, float *y, int32_t *index);
void ck_max_pool_grad(const ck_team *t, const ck_pool *p, const float *dy, const int32_t *index,
                      float *dx);

// A dense convolution over depth, height and width.
typedef struct {
    int64_t n, c, k;
    int64_t in[3], out[3], kernel[3], stride[3], pad[3], dilation[3];
} ck_conv;

// ck_sgemm is dnnl_sgemm: row-major C = alpha AB + beta C. Called on several
// threads at once, each of which computes its product alone.
typedef int ck_sgemm(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t,
                     const float *, int64_t, float, float *, int64_t);

// dw (k,c,kernel...), plain. Returns sgemm's status.
int64_t ck_conv_grad_weight_scratch(const ck_team *t, const ck_conv *c);
int ck_conv_grad_weight(const ck_team *t, ck_sgemm *sgemm, const ck_conv *c, const float *x,
                        const float *dy, float *dw, float *scratch);

// 4-byte elements from (n,c,places) to (n,places,c) and back.
void ck_to_channels_last(const ck_team *t, int64_t n, int64_t c, int64_t places, const void *x, void *y);
void ck_to_plain(const ck_team *t, int64_t n, int64_t c, int64_t places, const void *x, void *y);

#endif
