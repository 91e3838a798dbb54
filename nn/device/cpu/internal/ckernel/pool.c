#include "parallel.h"

#include <string.h>

typedef struct {
    const inner *in;
    const ck_pool *pool;
    const float *x;
    float *y;
    int32_t *index;
} job;

static void pool_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t depths = j->pool->out[0];
    j->in->max_pool(j->pool, i / depths, i % depths, j->x, j->y, j->index);
}

void ck_max_pool(const ck_team *t, const ck_pool *p, const float *x, float *y, int32_t *index) {
    job j = {ck_inner(), p, x, y, index};
    ck_parallel(t, p->n * p->out[0], pool_chunk, &j);
}

static void pool_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t depths = j->pool->in[0];
    j->in->max_pool_grad(j->pool, i / depths, i % depths, j->x, j->index, j->y);
}

void ck_max_pool_grad(const ck_team *t, const ck_pool *p, const float *dy, const int32_t *index,
                      float *dx) {
    job j = {ck_inner(), p, dy, dx, (int32_t *)index};
    ck_parallel(t, p->n * p->in[0], pool_grad_chunk, &j);
}

typedef struct {
    const inner *in;
    int64_t places, channels;
    const float *x;
    float *y;
    double *sum;
} means;

static void mean_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    means *m = p;
    int64_t c = m->channels;
    double *sum = m->sum + i * c;
    memset(sum, 0, sizeof(double) * (size_t)c);
    m->in->sum(m->places * c, c, m->x + i * m->places * c, sum);
    for (int64_t k = 0; k < c; k++) m->y[i * c + k] = (float)(sum[k] / (double)m->places);
}

void ck_mean(const ck_team *t, int64_t n, int64_t places, int64_t channels, const float *x, float *y,
             double *scratch) {
    means m = {ck_inner(), places, channels, x, y, scratch};
    ck_parallel(t, n, mean_chunk, &m);
}

static void mean_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    means *m = p;
    int64_t c = m->channels;
    const float *dy = m->x + i * c;
    float *dx = m->y + i * m->places * c, share = 1 / (float)m->places;
    for (int64_t k = 0; k < c; k++) dx[k] = dy[k] * share;
    for (int64_t s = 1; s < m->places; s++) memcpy(dx + s * c, dx, sizeof(float) * (size_t)c);
}

void ck_mean_grad(const ck_team *t, int64_t n, int64_t places, int64_t channels, const float *dy,
                  float *dx) {
    means m = {ck_inner(), places, channels, dy, dx, NULL};
    ck_parallel(t, n, mean_grad_chunk, &m);
}
