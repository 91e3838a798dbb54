#include "parallel.h"

#include <string.h>

// Places of a strided convolution with kernels of one tap: the others have no
// part in it. A chunk is one depth of one sample.

typedef struct {
    const ck_pool *pool;
    int64_t row; // bytes of the channels of one place
    const char *x;
    char *y;
} job;

static int64_t source(const job *j, int64_t n, int64_t d, int64_t h) {
    const ck_pool *p = j->pool;
    return ((n * p->in[0] + d * p->stride[0]) * p->in[1] + h * p->stride[1]) * p->in[2] * j->row;
}

static void pick_chunk(void *arg, int64_t i, int worker) {
    (void)worker;
    job *j = arg;
    const ck_pool *p = j->pool;
    char *y = j->y + i * p->out[1] * p->out[2] * j->row;
    for (int64_t h = 0; h < p->out[1]; h++) {
        const char *x = j->x + source(j, i / p->out[0], i % p->out[0], h);
        for (int64_t w = 0; w < p->out[2]; w++, y += j->row, x += p->stride[2] * j->row)
            memcpy(y, x, (size_t)j->row);
    }
}

static void put_chunk(void *arg, int64_t i, int worker) {
    (void)worker;
    job *j = arg;
    const ck_pool *p = j->pool;
    int64_t n = i / p->in[0], d = i % p->in[0], plane = p->in[1] * p->in[2] * j->row;
    char *whole = j->y + i * plane;
    memset(whole, 0, (size_t)plane);
    if (d % p->stride[0] || d / p->stride[0] >= p->out[0]) return;
    const char *x = j->x + (n * p->out[0] + d / p->stride[0]) * p->out[1] * p->out[2] * j->row;
    for (int64_t h = 0; h < p->out[1]; h++) {
        char *y = whole + h * p->stride[1] * p->in[2] * j->row;
        for (int64_t w = 0; w < p->out[2]; w++, x += j->row, y += p->stride[2] * j->row)
            memcpy(y, x, (size_t)j->row);
    }
}

static job job_of(const ck_pool *p, const void *x, void *y) {
    return (job){p, p->channels * (p->elem == ck_f32 ? 4 : 2), x, y};
}

void ck_pick(const ck_team *t, const ck_pool *p, const void *x, void *y) {
    job j = job_of(p, x, y);
    ck_parallel(t, p->n * p->out[0], pick_chunk, &j);
}

void ck_put(const ck_team *t, const ck_pool *p, const void *y, void *x) {
    job j = job_of(p, y, x);
    ck_parallel(t, p->n * p->in[0], put_chunk, &j);
}
