#include "parallel.h"

enum { chunk = 1 << 15 };

typedef struct {
    const inner *in;
    int kind;
    int64_t n;
    const float *a, *b;
    float factor, *y;
} job;

static void elements_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk, n = j->n - at < chunk ? j->n - at : chunk;
    j->in->elementwise(j->kind, n, j->a + at, j->b ? j->b + at : NULL, j->factor, j->y + at);
}

void ck_elementwise(const ck_team *t, int kind, int64_t n, const float *a, const float *b,
                    float factor, float *y) {
    job j = {ck_inner(), kind, n, a, b, factor, y};
    ck_parallel(t, (n + chunk - 1) / chunk, elements_chunk, &j);
}
