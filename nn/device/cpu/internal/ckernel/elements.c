#include "parallel.h"

enum { chunk = 1 << 15 };

typedef struct {
    const inner *in;
    int kind;
    int64_t n;
    const char *a, *b;
    float factor;
    char *y;
} job;

static int64_t size_of(const job *j, int64_t i) {
    int64_t left = j->n - i * chunk;
    return left < chunk ? left : chunk;
}

static void elements_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->elementwise(j->kind, size_of(j, i), j->a + at, j->b ? j->b + at : NULL, j->factor, j->y + at);
}

void ck_elementwise(const ck_team *t, int kind, int elem, int64_t n, const void *a, const void *b,
                    float factor, void *y) {
    job j = {ck_inner(elem), kind, n, a, b, factor, y};
    ck_parallel(t, (n + chunk - 1) / chunk, elements_chunk, &j);
}

static void from_float_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk;
    j->in->from_float(size_of(j, i), (const float *)j->a + at, j->y + at * j->in->size);
}

static void to_float_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk;
    j->in->to_float(size_of(j, i), j->a + at * j->in->size, (float *)j->y + at);
}

void ck_convert(const ck_team *t, int64_t n, int from, int to, const void *x, void *y) {
    job j = {.in = ck_inner(to), .n = n, .a = x, .y = y};
    if (to == ck_f32) j.in = ck_inner(from);
    ck_parallel(t, (n + chunk - 1) / chunk, to == ck_f32 ? to_float_chunk : from_float_chunk, &j);
}
