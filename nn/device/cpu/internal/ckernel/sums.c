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

// A block of columns of one outer position; few columns are taken with those of
// the positions behind.
static void columns_of(const job *j, int64_t o, int64_t from) {
    int64_t left = j->inner - from, width = left < columns ? left : columns;
    double acc[columns];
    memset(acc, 0, sizeof(double) * (size_t)width);
    for (int64_t r = 0; r < j->n; r++) add(j, (o * j->n + r) * j->inner + from, width, width, acc);
    for (int64_t k = 0; k < width; k++)
        j->y[o * j->inner + from + k] = (float)(acc[k] / j->divisor);
}

static int64_t outers(const job *j) {
    int64_t size = j->n * j->inner;
    return size < chunk ? chunk / size : 1;
}

static void columns_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t first = i / j->pieces * outers(j), last = first + outers(j);
    for (int64_t o = first; o < last && o < j->rows; o++) columns_of(j, o, i % j->pieces * columns);
}

// A row of which all elements fall together; sums of lanes are added in order.
static double row_sum(const job *j, int64_t r) {
    double acc[lane_sums] = {0}, sum = 0;
    add(j, r * j->n, j->n, lane_sums, acc);
    for (int k = 0; k < lane_sums; k++) sum += acc[k];
    return sum;
}

static double short_sum(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += b ? (double)a[i] * b[i] : a[i];
    return sum;
}

static void rows_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t last = (i + 1) * outers(j);
    const float *a = (const float *)j->a, *b = (const float *)j->b;
    for (int64_t r = i * outers(j); r < last && r < j->rows; r++) {
        int64_t at = r * j->n;
        double sum = j->n < lane_sums ? short_sum(a + at, b ? b + at : NULL, j->n) : row_sum(j, r);
        j->y[r] = (float)(sum / j->divisor);
    }
}

static int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

void ck_sum_axis(const ck_team *t, int64_t outer, int64_t n, int64_t inner, const float *a,
                 const float *b, double divisor, float *y) {
    job j = {.in = ck_inner(ck_f32), .n = n, .inner = inner, .rows = outer, .pieces = up(inner, columns),
             .a = (const char *)a, .b = (const char *)b, .divisor = divisor, .y = y};
    ck_parallel(t, up(outer, outers(&j)) * j.pieces, inner == 1 ? rows_chunk : columns_chunk, &j);
}

// One sample and a range of its channels; short rows are taken several at a time.
static void places_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t c = j->inner, together = c < lane_sums ? lane_sums / c : 1;
    if (c > columns) {
        columns_of(j, i / j->pieces, i % j->pieces * columns);
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
    job j = {.in = ck_inner(elem), .n = places, .inner = channels, .pieces = up(channels, columns), .a = a,
             .b = b, .divisor = divisor, .y = y};
    ck_parallel(t, n * j.pieces, places_chunk, &j);
}
