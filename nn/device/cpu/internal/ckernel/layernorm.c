#include "parallel.h"

#include <string.h>

// Rows of one chunk: few enough that sums over them may be float32.
enum { chunk = 64 };

typedef struct {
    const tokens *in;
    int64_t size, rows, d;
    double eps;
    const char *dy, *x;
    const float *gamma, *beta;
    char *y;
    float *mean, *inv, *sums;
} job;

static int64_t chunks_of(int64_t rows) { return (rows + chunk - 1) / chunk; }

static int64_t rows_of(const job *j, int64_t i) {
    int64_t left = j->rows - i * chunk;
    return left < chunk ? left : chunk;
}

static void forward_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t row = i * chunk, at = row * j->d * j->size;
    j->in->layer_norm(rows_of(j, i), j->d, j->eps, j->x + at, j->gamma, j->beta, j->y + at,
                      j->mean + row, j->inv + row);
}

void ck_layer_norm(const ck_team *t, const ck_layer *l, const void *x, void *y, float *mean,
                   float *inv) {
    const inner *in = ck_inner(l->elem);
    job j = {.in = in->tokens, .size = in->size, .rows = l->rows, .d = l->d, .eps = l->eps, .x = x,
             .gamma = l->gamma, .beta = l->beta, .y = y, .mean = mean, .inv = inv};
    ck_parallel(t, chunks_of(l->rows), forward_chunk, &j);
}

int64_t ck_layer_norm_scratch(int64_t rows, int64_t d) {
    return 2 * chunks_of(rows) * d * (int64_t)sizeof(float);
}

static void backward_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t row = i * chunk, at = row * j->d * j->size;
    float *sums = j->sums + 2 * i * j->d;
    memset(sums, 0, sizeof(float) * (size_t)(2 * j->d));
    j->in->layer_norm_grad(rows_of(j, i), j->d, j->dy + at, j->x + at, j->gamma, j->mean + row,
                           j->inv + row, j->y + at, sums);
}

void ck_layer_norm_grad(const ck_team *t, const ck_layer *l, const void *dy, const void *x,
                        const float *mean, const float *inv, void *dx, float *dgamma, float *dbeta,
                        void *scratch) {
    const inner *in = ck_inner(l->elem);
    job j = {.in = in->tokens, .size = in->size, .rows = l->rows, .d = l->d, .dy = dy, .x = x,
             .gamma = l->gamma, .y = dx, .mean = (float *)mean, .inv = (float *)inv, .sums = scratch};
    ck_parallel(t, chunks_of(l->rows), backward_chunk, &j);
    for (int64_t k = 0; k < l->d; k++) {
        double g = 0, b = 0;
        for (int64_t i = 0; i < chunks_of(l->rows); i++) {
            g += j.sums[2 * i * l->d + k];
            b += j.sums[(2 * i + 1) * l->d + k];
        }
        dgamma[k] = (float)g;
        dbeta[k] = (float)b;
    }
}
