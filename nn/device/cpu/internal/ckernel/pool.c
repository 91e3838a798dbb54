#include "parallel.h"

#include <string.h>

typedef struct {
    const inner *in;
    const ck_pool *pool;
    const void *x;
    void *y;
    int32_t *index;
} job;

static void pool_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t depths = j->pool->out[0];
    j->in->max_pool(j->pool, i / depths, i % depths, j->x, j->y, j->index);
}

void ck_max_pool(const ck_team *t, const ck_pool *p, const void *x, void *y, int32_t *index) {
    job j = {ck_inner(p->elem), p, x, y, index};
    ck_parallel(t, p->n * p->out[0], pool_chunk, &j);
}

static void pool_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t depths = j->pool->in[0];
    j->in->max_pool_grad(j->pool, i / depths, i % depths, j->x, j->index, j->y);
}

void ck_max_pool_grad(const ck_team *t, const ck_pool *p, const void *dy, const int32_t *index,
                      void *dx) {
    job j = {ck_inner(p->elem), p, dy, dx, (int32_t *)index};
    ck_parallel(t, p->n * p->in[0], pool_grad_chunk, &j);
}

static void avg_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t depths = j->pool->out[0];
    j->in->avg_pool(j->pool, i / depths, i % depths, j->x, j->y);
}

void ck_avg_pool(const ck_team *t, const ck_pool *p, const void *x, void *y) {
    job j = {ck_inner(p->elem), p, x, y, NULL};
    ck_parallel(t, p->n * p->out[0], avg_chunk, &j);
}

static void avg_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t depths = j->pool->in[0];
    j->in->avg_pool_grad(j->pool, i / depths, i % depths, j->x, j->y);
}

void ck_avg_pool_grad(const ck_team *t, const ck_pool *p, const void *dy, void *dx) {
    job j = {ck_inner(p->elem), p, dy, dx, NULL};
    ck_parallel(t, p->n * p->in[0], avg_grad_chunk, &j);
}

typedef struct {
    const inner *in;
    int64_t places, channels;
    const char *x;
    char *y;
    double *sum;
} means;

static void mean_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    means *m = p;
    int64_t c = m->channels;
    double *sum = m->sum + i * c;
    float *y = (float *)m->y + i * c;
    memset(sum, 0, sizeof(double) * (size_t)c);
    m->in->sum(m->places * c, c, m->x + i * m->places * c * m->in->size, sum);
    for (int64_t k = 0; k < c; k++) y[k] = (float)(sum[k] / (double)m->places);
}

void ck_mean(const ck_team *t, int elem, int64_t n, int64_t places, int64_t channels, const void *x,
             float *y, double *scratch) {
    means m = {ck_inner(elem), places, channels, x, (char *)y, scratch};
    ck_parallel(t, n, mean_chunk, &m);
}

static void mean_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    means *m = p;
    int64_t c = m->channels;
    m->in->spread(m->places, c, (const float *)m->x + i * c, 1 / (float)m->places,
                  m->y + i * m->places * c * m->in->size);
}

void ck_mean_grad(const ck_team *t, int elem, int64_t n, int64_t places, int64_t channels,
                  const float *dy, void *dx) {
    means m = {ck_inner(elem), places, channels, (const char *)dy, dx, NULL};
    ck_parallel(t, n, mean_grad_chunk, &m);
}
