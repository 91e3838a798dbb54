#include "parallel.h"

enum { chunk = 1 << 14 };

typedef struct {
    const inner *in;
    int kind;
    int64_t n;
    const char *dy, *x;
    char *y;
} job;

static void chunk_of(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size, left = j->n - i * chunk, n = left < chunk ? left : chunk;
    if (j->dy)
        j->in->tokens->gelu_grad(j->kind, n, j->dy + at, j->x + at, j->y + at);
    else
        j->in->tokens->gelu(j->kind, n, j->x + at, j->y + at);
}

void ck_gelu(const ck_team *t, int kind, int elem, int64_t n, const void *dy, const void *x, void *y) {
    job j = {ck_inner(elem), kind, n, dy, x, y};
    ck_parallel(t, (n + chunk - 1) / chunk, chunk_of, &j);
}
