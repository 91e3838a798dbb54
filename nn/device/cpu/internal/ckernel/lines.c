#include "parallel.h"

// A chunk has about this many elements, in whole rows.
enum { chunk = 1 << 14 };

typedef struct {
    const functions *f;
    int is_log;
    int64_t rows, n;
    const float *dy, *x;
    float *y;
} job;

static int64_t rows_of(const job *j) { return j->n < chunk ? chunk / j->n : 1; }

typedef void on_row(const job *j, int64_t row);

static inline void each(void *p, int64_t i, on_row *do_row) {
    const job *j = p;
    int64_t from = i * rows_of(j), to = from + rows_of(j);
    for (int64_t r = from; r < to && r < j->rows; r++) do_row(j, r);
}

static void softmax_row(const job *j, int64_t r) {
    j->f->softmax(j->is_log, j->n, j->x + r * j->n, j->y + r * j->n);
}
static void softmax_grad_row(const job *j, int64_t r) {
    j->f->softmax_grad(j->is_log, j->n, j->dy + r * j->n, j->x + r * j->n, j->y + r * j->n);
}
static void largest_row(const job *j, int64_t r) { j->y[r] = j->f->largest(j->n, j->x + r * j->n); }
static void log_sum_exp_row(const job *j, int64_t r) {
    j->y[r] = j->f->log_sum_exp(j->n, j->x + r * j->n);
}

#define CHUNK(name)                                                                                \
    static void name##_chunk(void *p, int64_t i, int worker) {                                     \
        (void)worker;                                                                              \
        each(p, i, name##_row);                                                                    \
    }
CHUNK(softmax)
CHUNK(softmax_grad)
CHUNK(largest)
CHUNK(log_sum_exp)

static void run(const ck_team *t, job j, void (*f)(void *, int64_t, int)) {
    j.f = ck_inner(ck_f32)->functions;
    ck_parallel(t, (j.rows + rows_of(&j) - 1) / rows_of(&j), f, &j);
}

void ck_softmax(const ck_team *t, int is_log, int64_t rows, int64_t n, const float *x, float *y) {
    run(t, (job){.is_log = is_log, .rows = rows, .n = n, .x = x, .y = y}, softmax_chunk);
}

void ck_softmax_grad(const ck_team *t, int is_log, int64_t rows, int64_t n, const float *dy,
                     const float *y, float *dx) {
    run(t, (job){.is_log = is_log, .rows = rows, .n = n, .dy = dy, .x = y, .y = dx}, softmax_grad_chunk);
}

void ck_largest(const ck_team *t, int64_t rows, int64_t n, const float *x, float *y) {
    run(t, (job){.rows = rows, .n = n, .x = x, .y = y}, largest_chunk);
}

void ck_log_sum_exp(const ck_team *t, int64_t rows, int64_t n, const float *x, float *y) {
    run(t, (job){.rows = rows, .n = n, .x = x, .y = y}, log_sum_exp_chunk);
}
