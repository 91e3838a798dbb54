#include "parallel.h"

#include <math.h>
#include <string.h>

// Scratch: four repeated parameters, totals of two sums, the chunks' sums.
typedef struct {
    float *a, *b, *c, *d;
    double *total, *partial;
} room;

static room room_of(const ck_cut *c, void *scratch) {
    room r;
    r.a = scratch;
    r.b = r.a + c->period;
    r.c = r.b + c->period;
    r.d = r.c + c->period;
    r.total = (double *)(r.d + c->period);
    r.partial = r.total + 2 * c->channels;
    return r;
}

int64_t ck_rows_scratch(ck_rows r) {
    ck_cut c = ck_cut_of(r);
    return 4 * c.period * (int64_t)sizeof(float) +
           2 * (c.channels + c.chunks * c.period) * (int64_t)sizeof(double);
}

typedef struct {
    ck_cut cut;
    room room;
    const inner *in;
    const float *x, *dy;
    float *y;
    int sums; // how many sums a chunk takes
    void (*add)(const void *job, int64_t n, const float *x, const float *dy, double *acc);
} job;

static void add_squares(const void *p, int64_t n, const float *x, const float *dy, double *acc) {
    const job *j = p;
    (void)dy;
    j->in->sum_squares(n, j->cut.period, x, j->room.a, acc);
}

static void add_products(const void *p, int64_t n, const float *x, const float *dy, double *acc) {
    const job *j = p;
    j->in->sum_products(n, j->cut.period, dy, x, j->room.a, acc);
}

static void add_plain(const void *p, int64_t n, const float *x, const float *dy, double *acc) {
    const job *j = p;
    (void)dy;
    j->in->sum(n, j->cut.period, x, acc);
}

static void sum_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    const ck_cut *c = &j->cut;
    double *acc = j->room.partial + 2 * i * c->period;
    int64_t at = i * c->chunk;
    memset(acc, 0, sizeof(double) * (size_t)(j->sums * c->period));
    j->add(j, ck_cut_size(c, i), j->x + at, j->dy ? j->dy + at : NULL, acc);
    for (int s = 0; s < j->sums; s++, acc += c->period)
        for (int64_t k = c->channels; k < c->period; k++) acc[k % c->channels] += acc[k];
}

// sums fills room.total, channel by channel, first sum before second.
static void sums(const ck_team *t, job *j) {
    const ck_cut *c = &j->cut;
    ck_parallel(t, c->chunks, sum_chunk, j);
    memset(j->room.total, 0, sizeof(double) * (size_t)(2 * c->channels));
    for (int64_t i = 0; i < c->chunks; i++)
        for (int s = 0; s < j->sums; s++) {
            const double *acc = j->room.partial + (2 * i + s) * c->period;
            for (int64_t k = 0; k < c->channels; k++) j->room.total[s * c->channels + k] += acc[k];
        }
}

static job job_of(ck_rows r, const float *x, const float *dy, float *y, void *scratch) {
    job j = {.cut = ck_cut_of(r), .in = ck_inner(), .x = x, .dy = dy, .y = y};
    j.room = room_of(&j.cut, scratch);
    return j;
}

static void normalize_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * j->cut.chunk;
    j->in->normalize(ck_cut_size(&j->cut, i), j->cut.period, j->x + at, j->room.a, j->room.b,
                     j->room.c, j->y + at);
}

// batch_statistics are taken about the first row, so that a large mean does
// not swallow a small variance.
static void batch_statistics(const ck_team *t, ck_rows r, const ck_norm *n, job *j) {
    int64_t C = r.channels;
    double rows = (double)r.rows;
    memcpy(j->room.a, j->x, sizeof(float) * (size_t)C);
    ck_repeat(&j->cut, j->room.a);
    j->sums = 2;
    j->add = add_squares;
    sums(t, j);
    for (int64_t k = 0; k < C; k++) {
        double offset = j->room.total[k] / rows;
        double mean = j->room.a[k] + offset, var = j->room.total[C + k] / rows - offset * offset;
        if (var < 0) var = 0;
        double unbiased = r.rows > 1 ? var * rows / (rows - 1) : var;
        n->mean[k] = (float)mean;
        n->invstd[k] = (float)(1 / sqrt(var + n->eps));
        n->running_mean[k] = (float)((1 - n->momentum) * n->running_mean[k] + n->momentum * mean);
        n->running_var[k] = (float)((1 - n->momentum) * n->running_var[k] + n->momentum * unbiased);
    }
}

void ck_bn_forward(const ck_team *t, ck_rows r, const ck_norm *n, const float *x, float *y,
                   void *scratch) {
    job j = job_of(r, x, NULL, y, scratch);
    if (n->train)
        batch_statistics(t, r, n, &j);
    else
        for (int64_t k = 0; k < r.channels; k++) {
            n->mean[k] = n->running_mean[k];
            n->invstd[k] = (float)(1 / sqrt(n->running_var[k] + n->eps));
        }
    for (int64_t k = 0; k < r.channels; k++) {
        j.room.a[k] = n->mean[k];
        j.room.b[k] = n->gamma[k] * n->invstd[k];
        j.room.c[k] = n->beta[k];
    }
    ck_repeat(&j.cut, j.room.a);
    ck_repeat(&j.cut, j.room.b);
    ck_repeat(&j.cut, j.room.c);
    ck_parallel(t, j.cut.chunks, normalize_chunk, &j);
}

static void normalize_grad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * j->cut.chunk;
    j->in->normalize_grad(ck_cut_size(&j->cut, i), j->cut.period, j->dy + at, j->x + at, j->room.a,
                          j->room.b, j->room.c, j->room.d, j->y + at);
}

// dx = g s (dy - mean(dy) - (x-m) s^2 mean(dy (x-m))), with s = 1/std.
void ck_bn_backward(const ck_team *t, ck_rows r, const ck_norm_grad *n, const float *dy,
                    const float *x, float *dx, void *scratch) {
    job j = job_of(r, x, dy, dx, scratch);
    int64_t C = r.channels;
    memcpy(j.room.a, n->mean, sizeof(float) * (size_t)C);
    ck_repeat(&j.cut, j.room.a);
    j.sums = 2;
    j.add = add_products;
    sums(t, &j);
    for (int64_t k = 0; k < C; k++) {
        double s = n->invstd[k], scale = n->gamma[k] * s;
        double dy_sum = j.room.total[k], product = j.room.total[C + k];
        n->dbeta[k] = (float)dy_sum;
        n->dgamma[k] = (float)(product * s);
        j.room.b[k] = (float)scale;
        j.room.c[k] = n->train ? (float)(-scale * s * s * product / (double)r.rows) : 0;
        j.room.d[k] = n->train ? (float)(-scale * dy_sum / (double)r.rows) : 0;
    }
    ck_repeat(&j.cut, j.room.b);
    ck_repeat(&j.cut, j.room.c);
    ck_repeat(&j.cut, j.room.d);
    ck_parallel(t, j.cut.chunks, normalize_grad_chunk, &j);
}

void ck_sum_rows(const ck_team *t, ck_rows r, const float *x, float *sum, void *scratch) {
    job j = job_of(r, x, NULL, NULL, scratch);
    j.sums = 1;
    j.add = add_plain;
    sums(t, &j);
    for (int64_t k = 0; k < r.channels; k++) sum[k] = (float)j.room.total[k];
}

static void add_row_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t at = i * j->cut.chunk;
    j->in->add_row(ck_cut_size(&j->cut, i), j->cut.period, j->x + at, j->room.a, j->y + at);
}

void ck_add_row(const ck_team *t, ck_rows r, const float *x, const float *b, float *y, void *scratch) {
    job j = job_of(r, x, NULL, y, scratch);
    memcpy(j.room.a, b, sizeof(float) * (size_t)r.channels);
    ck_repeat(&j.cut, j.room.a);
    ck_parallel(t, j.cut.chunks, add_row_chunk, &j);
}
