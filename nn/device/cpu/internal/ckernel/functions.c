#include "parallel.h"

enum { chunk = 1 << 14 };

typedef struct {
    const inner *in;
    int f;
    float param;
    ck_draw draw;
    int64_t n;
    const char *dy, *x;
    char *y;
} job;

static int64_t size_of(const job *j, int64_t i) {
    int64_t left = j->n - i * chunk;
    return left < chunk ? left : chunk;
}

static void function_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->functions->function(j->f, j->param, size_of(j, i), j->x + at, j->y + at);
}

static void function_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->functions->function_grad(j->f, j->param, size_of(j, i), j->dy + at, j->x + at, j->y + at);
}

static void dropout_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->functions->dropout(&j->draw, i * chunk, size_of(j, i), j->x + at, j->y + at);
}

static int64_t chunks(int64_t n) { return (n + chunk - 1) / chunk; }

void ck_function(const ck_team *t, int f, float param, int elem, int64_t n, const void *x, void *y) {
    job j = {.in = ck_inner(elem), .f = f, .param = param, .n = n, .x = x, .y = y};
    ck_parallel(t, chunks(n), function_chunk, &j);
}

void ck_function_grad(const ck_team *t, int f, float param, int elem, int64_t n, const void *dy,
                      const void *at, void *dx) {
    job j = {.in = ck_inner(elem), .f = f, .param = param, .n = n, .dy = dy, .x = at, .y = dx};
    ck_parallel(t, chunks(n), function_grad_chunk, &j);
}

void ck_dropout(const ck_team *t, ck_draw d, int elem, int64_t n, const void *x, void *y) {
    job j = {.in = ck_inner(elem), .draw = d, .n = n, .x = x, .y = y};
    ck_parallel(t, chunks(n), dropout_chunk, &j);
}
