// Kernels for activations whose channels lie innermost: a tensor
// (N,C,spatial...) is kept as (N,spatial...,C), or in blocks of 16 channels as
// (N,C/16,spatial...,16). Elements are float32 or bfloat16; parameters,
// statistics and sums over channels are float32.
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

// ck_multiplies_bf16 tells whether the processor multiplies bfloat16.
int ck_multiplies_bf16(void);

// ck_pass_over leaves out the given number of best instruction sets, for tests;
// it returns 0 where none would be left.
int ck_pass_over(int better);

enum { ck_f32, ck_bf16 }; // element types of activations

// ck_rows is a tensor in memory: outer x blocks x places x channels. One block
// holds all channels, or there are blocks of 16.
typedef struct {
    int64_t outer, blocks, places, channels;
    int elem;
} ck_rows;

// ck_rows_scratch is the working memory in bytes of the functions that take it.
int64_t ck_rows_scratch(ck_rows r);

// Elementwise, n values; y may be a or b.
enum { ck_add, ck_sub, ck_mul, ck_relu, ck_relu_grad, ck_scale };
void ck_elementwise(const ck_team *t, int kind, int elem, int64_t n, const void *a, const void *b,
                    float factor, void *y);

// Layer normalisation of rows of d elements; mean and inv (1/deviation) are
// written. y may be x. Its gradient reads them; dx may be dy.
typedef struct {
    int elem;
    int64_t rows, d;
    double eps;
    const float *gamma, *beta;
} ck_layer;
void ck_layer_norm(const ck_team *t, const ck_layer *l, const void *x, void *y, float *mean,
                   float *inv);
int64_t ck_layer_norm_scratch(int64_t rows, int64_t d); // of the gradient
void ck_layer_norm_grad(const ck_team *t, const ck_layer *l, const void *dy, const void *x,
                        const float *mean, const float *inv, void *dx, float *dgamma, float *dbeta,
                        void *scratch);

// Group normalisation of n samples of blocks x places x channels; mean and inv
// (n,groups) are written by the first, read by its gradient. y may be x, dx may
// be dy.
typedef struct {
    int elem;
    int64_t n, blocks, places, channels, groups;
    double eps;
    const float *gamma, *beta;
    float *mean, *inv;
} ck_groups;
int64_t ck_group_norm_scratch(const ck_groups *g); // bytes, of either
void ck_group_norm(const ck_team *t, const ck_groups *g, const void *x, void *y, void *scratch);
void ck_group_norm_grad(const ck_team *t, const ck_groups *g, const void *dy, const void *x, void *dx,
                        float *dgamma, float *dbeta, void *scratch);

// Batch normalisation: mean and invstd are written; with train they are the
// batch's, and the running statistics are moved towards them by momentum
// (unbiased variance), otherwise they are the running ones. A residual, unless
// NULL, is added to the result, and relu then cuts it off at 0. y may be x or
// the residual.
typedef struct {
    int train, relu;
    double eps, momentum;
    const float *gamma, *beta;
    float *running_mean, *running_var, *mean, *invstd;
    const void *residual;
} ck_norm;
void ck_bn_forward(const ck_team *t, ck_rows r, const ck_norm *n, const void *x, void *y,
                   void *scratch);

// Its gradient; dx may be dy. Without train the statistics count as constants.
// dy counts only where gate, the result behind a relu, is positive.
typedef struct {
    int train;
    const float *gamma, *mean, *invstd;
    float *dgamma, *dbeta;
    const void *gate;
} ck_norm_grad;
void ck_bn_backward(const ck_team *t, ck_rows r, const ck_norm_grad *n, const void *dy,
                    const void *x, void *dx, void *scratch);

// Sums over rows (to one row), and a row added to every row.
void ck_sum_rows(const ck_team *t, ck_rows r, const void *x, float *sum, void *scratch);
void ck_add_row(const ck_team *t, ck_rows r, const void *x, const float *b, void *y, void *scratch);

// Pooling over depth, height and width; unused axes have size and kernel 1.
// A block of channels counts as a sample.
typedef struct {
    int elem;
    int64_t n, channels;
    int64_t in[3], out[3], kernel[3], stride[3], pad[3];
    int64_t pad_end[3]; // of averages that count padding
    int count_pad;
} ck_pool;

// index: flat place of the maximum within the sample's in[0]*in[1]*in[2].
void ck_max_pool(const ck_team *t, const ck_pool *p, const void *x, void *y, int32_t *index);
void ck_max_pool_grad(const ck_team *t, const ck_pool *p, const void *dy, const int32_t *index,
                      void *dx);

void ck_avg_pool(const ck_team *t, const ck_pool *p, const void *x, void *y);
void ck_avg_pool_grad(const ck_team *t, const ck_pool *p, const void *dy, void *dx);

// ck_pick copies the places that p's strides meet, in to out; ck_put copies them
// back into zeros, out to in. Kernel and padding are not looked at.
void ck_pick(const ck_team *t, const ck_pool *p, const void *x, void *y);
void ck_put(const ck_team *t, const ck_pool *p, const void *y, void *x);

// A dense convolution over depth, height and width.
typedef struct {
    int64_t n, c, k;
    int64_t in[3], out[3], kernel[3], stride[3], pad[3], dilation[3];
} ck_conv;

// ck_sgemm is dnnl_sgemm: row-major C = alpha AB + beta C. Called on several
// threads at once, each of which computes its product alone.
typedef int ck_sgemm(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t,
                     const float *, int64_t, float, float *, int64_t);

// An attention of n samples: lq queries, lk keys, heads of size d; biases is
// the first axis of the bias, 0 where there is none.
typedef struct {
    int elem, causal;
    int64_t n, lq, lk, heads, d, biases;
    float scale;
} ck_attention;

// ck_heads are rows of all heads, stride elements apart.
typedef struct {
    void *at;
    int64_t stride;
} ck_heads;

// h: q, k, v, y. mask (n,lk) and bias may be NULL; logs (n,heads,lq) is written.
// The gradient takes y and dy as h[3] and h[4] and writes dq, dk, dv as h[5] to
// h[7], and dbias unless it is NULL. Both return sgemm's status.
int64_t ck_attention_scratch(const ck_team *t, const ck_attention *a, int backward);
int ck_attention_forward(const ck_team *t, ck_sgemm *sgemm, const ck_attention *a, const float *mask,
                         const float *bias, const ck_heads h[4], float *logs, void *scratch);
int ck_attention_backward(const ck_team *t, ck_sgemm *sgemm, const ck_attention *a,
                          const float *mask, const float *bias, const ck_heads h[8],
                          const float *logs, float *dbias, void *scratch);

// dw (k,c,kernel...), plain. Returns sgemm's status.
int64_t ck_conv_grad_weight_scratch(const ck_team *t, const ck_conv *c);
int ck_conv_grad_weight(const ck_team *t, ck_sgemm *sgemm, const ck_conv *c, const float *x,
                        const float *dy, float *dw, float *scratch);

// Depthwise convolutions of samples whose channels lie innermost: c and k are the
// channels of a sample. Blocks of channels count as samples of their own, and
// sample i has the weights of block i % blocks. w is plain, (blocks*c, kernel...).
int64_t ck_depthwise_scratch(const ck_conv *c, int64_t blocks);
void ck_depthwise(const ck_team *t, const ck_conv *c, int elem, int64_t blocks, const void *x,
                  const float *w, void *y, float *scratch);
void ck_depthwise_grad_input(const ck_team *t, const ck_conv *c, int elem, int64_t blocks,
                             const void *dy, const float *w, void *dx, float *scratch);
void ck_depthwise_grad_weight(const ck_team *t, const ck_conv *c, int elem, int64_t blocks,
                              const void *x, const void *dy, float *dw, float *scratch);

// ck_place says how (N,C,places) lies in memory: blocks of `block` channels,
// each (places, block). 1 is the plain layout, C is channels last.
typedef struct {
    int64_t block;
    int elem;
} ck_place;

// ck_turn copies x to y in another place and type. Between float32 and float32
// words of any type keep their bits.
void ck_turn(const ck_team *t, int64_t n, int64_t c, int64_t places, ck_place from, ck_place to,
             const void *x, void *y);

// ck_convert copies n elements to another type in the same order.
void ck_convert(const ck_team *t, int64_t n, int from, int to, const void *x, void *y);

#endif
