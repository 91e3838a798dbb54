#include "parallel.h"

enum { chunk = 1 << 14 };

typedef struct {
    const inner *in;
    int kind; // of ck_elementwise, or of ck_function
    float param;
    ck_draw draw;
    int64_t n;
    const char *a, *b;
    char *y;
} job;

static int64_t size_of(const job *j, int64_t i) {
    int64_t left = j->n - i * chunk;
    return left < chunk ? left : chunk;
}

static void run(const ck_team *t, void (*on_chunk)(void *, int64_t, int), job *j) {
    ck_parallel(t, (j->n + chunk - 1) / chunk, on_chunk, j);
}

static void elements_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->elementwise(j->kind, size_of(j, i), j->a + at, j->b ? j->b + at : NULL, j->param, j->y + at);
}

void ck_elementwise(const ck_team *t, int kind, int elem, int64_t n, const void *a, const void *b,
                    float factor, void *y) {
    job j = {.in = ck_inner(elem), .kind = kind, .param = factor, .n = n, .a = a, .b = b, .y = y};
    run(t, elements_chunk, &j);
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
    job j = {.in = ck_inner(to == ck_f32 ? from : to), .n = n, .a = x, .y = y};
    run(t, to == ck_f32 ? to_float_chunk : from_float_chunk, &j);
}

static void function_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->functions->function(j->kind, j->param, size_of(j, i), j->a + at, j->y + at);
}

void ck_function(const ck_team *t, int f, float param, int elem, int64_t n, const void *x, void *y) {
    job j = {.in = ck_inner(elem), .kind = f, .param = param, .n = n, .a = x, .y = y};
    run(t, function_chunk, &j);
}

static void function_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->functions->function_grad(j->kind, j->param, size_of(j, i), j->a + at, j->b + at, j->y + at);
}

void ck_function_grad(const ck_team *t, int f, float param, int elem, int64_t n, const void *dy,
                      const void *at, void *dx) {
    job j = {.in = ck_inner(elem), .kind = f, .param = param, .n = n, .a = dy, .b = at, .y = dx};
    run(t, function_grad_chunk, &j);
}

static void dropout_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * chunk * j->in->size;
    j->in->functions->dropout(&j->draw, i * chunk, size_of(j, i), j->a + at, j->y + at);
}

void ck_dropout(const ck_team *t, ck_draw d, int elem, int64_t n, const void *x, void *y) {
    job j = {.in = ck_inner(elem), .draw = d, .n = n, .a = x, .y = y};
    run(t, dropout_chunk, &j);
}
