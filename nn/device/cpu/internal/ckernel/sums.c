#include "parallel.h"

#include <string.h>

enum { columns = 512, lane_sums = 64, chunk = 1 << 14 };

typedef struct {
    const inner *in;
    int64_t n, inner, rows, pieces;
    const char *a, *b;
    double divisor;
    float *y;
} job;

static void add(const job *j, int64_t at, int64_t n, int64_t period, double *acc) {
    const char *a = j->a + at * j->in->size;
    if (j->b)
        j->in->functions->dot(n, period, a, j->b + at * j->in->size, acc);
    else
        j->in->sum(n, period, a, acc);
}

// A block of columns of one outer position.
static void columns_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t o = i / j->pieces, from = i % j->pieces * columns, left = j->inner - from;
    int64_t width = left < columns ? left : columns;
    double acc[columns];
    memset(acc, 0, sizeof acc);
    for (int64_t r = 0; r < j->n; r++) add(j, (o * j->n + r) * j->inner + from, width, width, acc);
    for (int64_t k = 0; k < width; k++)
        j->y[o * j->inner + from + k] = (float)(acc[k] / j->divisor);
}

// Rows of which all elements fall together; sums of lanes are added in order.
static void rows_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t each = j->n < chunk ? chunk / j->n : 1, last = (i + 1) * each;
    for (int64_t r = i * each; r < last && r < j->rows; r++) {
        double acc[lane_sums] = {0}, sum = 0;
        add(j, r * j->n, j->n, lane_sums, acc);
        for (int k = 0; k < lane_sums; k++) sum += acc[k];
        j->y[r] = (float)(sum / j->divisor);
    }
}

void ck_sum_axis(const ck_team *t, int64_t outer, int64_t n, int64_t inner, const float *a,
                 const float *b, double divisor, float *y) {
    job j = {.in = ck_inner(ck_f32), .n = n, .inner = inner, .rows = outer, .a = (const char *)a,
             .b = (const char *)b, .divisor = divisor, .y = y};
    if (inner == 1) {
        int64_t each = n < chunk ? chunk / n : 1;
        ck_parallel(t, (outer + each - 1) / each, rows_chunk, &j);
        return;
    }
    j.pieces = (inner + columns - 1) / columns;
    ck_parallel(t, outer * j.pieces, columns_chunk, &j);
}

// One sample and a range of its channels; short rows are taken several at a time.
static void places_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t c = j->inner, together = c < lane_sums ? lane_sums / c : 1;
    if (c > columns) {
        columns_chunk(p, i, worker);
        return;
    }
    double acc[columns + lane_sums];
    memset(acc, 0, sizeof acc);
    add(j, i * j->n * c, j->n * c, c * together, acc);
    for (int64_t k = c; k < c * together; k++) acc[k % c] += acc[k];
    for (int64_t k = 0; k < c; k++) j->y[i * c + k] = (float)(acc[k] / j->divisor);
}

void ck_sum_places(const ck_team *t, int elem, int64_t n, int64_t places, int64_t channels,
                   const void *a, const void *b, double divisor, float *y) {
    job j = {.in = ck_inner(elem), .n = places, .inner = channels, .pieces = 1, .a = a, .b = b,
             .divisor = divisor, .y = y};
    if (channels > columns) j.pieces = (channels + columns - 1) / columns;
    ck_parallel(t, n * j.pieces, places_chunk, &j);
}
