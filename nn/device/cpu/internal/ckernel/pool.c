#include "parallel.h"

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
