#include "parallel.h"

#include <math.h>
#include <string.h>

// Scratch: four repeated parameters, one by channel, totals of two sums, the
// chunks' sums.
typedef struct {
    float *a, *b, *c, *d, *channels;
    double *total, *partial;
} room;

static int64_t width(const ck_cut *c) { return c->rows.blocks * c->period; }
static int64_t channels_of(const ck_cut *c) { return c->rows.blocks * c->rows.channels; }

static room room_of(const ck_cut *c, void *scratch) {
    room r;
    r.total = scratch;
    r.partial = r.total + 2 * channels_of(c);
    r.a = (float *)(r.partial + 2 * c->chunks * c->period);
    r.b = r.a + width(c);
    r.c = r.b + width(c);
    r.d = r.c + width(c);
    r.channels = r.d + width(c);
    return r;
}

int64_t ck_rows_scratch(ck_rows r) {
    ck_cut c = ck_cut_of(r);
    return (4 * width(&c) + channels_of(&c)) * (int64_t)sizeof(float) +
           2 * (channels_of(&c) + c.chunks * c.period) * (int64_t)sizeof(double);
}

typedef struct job job;
struct job {
    ck_cut cut;
    room room;
    const inner *in;
    const char *x, *dy, *gate, *residual;
    char *y;
    int relu, sums; // sums: how many a chunk takes
    void (*add)(const job *j, int64_t at, int64_t n, const float *a, double *acc);
};

// A part of a job: the parameters of its block, and its sums.
typedef struct {
    const job *j;
    int64_t params;
    double *acc;
} part;

static part part_of(job *j, int64_t chunk) {
    return (part){j, chunk % j->cut.rows.blocks * j->cut.period,
                  j->room.partial + 2 * chunk * j->cut.period};
}

// from is where element `at` of an operand lies; NULL stays NULL.
static const void *from(const job *j, const char *p, int64_t at) {
    return p ? p + at * j->in->size : NULL;
}

static void add_squares(const job *j, int64_t at, int64_t n, const float *a, double *acc) {
    j->in->sum_squares(n, j->cut.period, from(j, j->x, at), a, acc);
}

static void add_products(const job *j, int64_t at, int64_t n, const float *a, double *acc) {
    j->in->sum_products(n, j->cut.period, from(j, j->dy, at), from(j, j->gate, at),
                        from(j, j->x, at), a, acc);
}

static void add_plain(const job *j, int64_t at, int64_t n, const float *a, double *acc) {
    (void)a;
    j->in->sum(n, j->cut.period, from(j, j->x, at), acc);
}

static void sum_unit(void *arg, int64_t at, int64_t n) {
    const part *p = arg;
    p->j->add(p->j, at, n, p->j->room.a + p->params, p->acc);
}

static void sum_chunk(void *arg, int64_t i, int worker) {
    (void)worker;
    job *j = arg;
    const ck_cut *c = &j->cut;
    part p = part_of(j, i);
    memset(p.acc, 0, sizeof(double) * (size_t)(j->sums * c->period));
    ck_each(c, i, sum_unit, &p);
    double *acc = p.acc;
    for (int s = 0; s < j->sums; s++, acc += c->period)
        for (int64_t k = c->rows.channels; k < c->period; k++) acc[k % c->rows.channels] += acc[k];
}

// sums fills room.total, channel by channel, first sum before second.
static void sums(const ck_team *t, job *j) {
    const ck_cut *c = &j->cut;
    int64_t all = channels_of(c), channels = c->rows.channels;
    ck_parallel(t, c->chunks, sum_chunk, j);
    memset(j->room.total, 0, sizeof(double) * (size_t)(2 * all));
    for (int64_t i = 0; i < c->chunks; i++)
        for (int s = 0; s < j->sums; s++) {
            const double *acc = j->room.partial + (2 * i + s) * c->period;
            double *total = j->room.total + s * all + i % c->rows.blocks * channels;
            for (int64_t k = 0; k < channels; k++) total[k] += acc[k];
        }
}

static job job_of(ck_rows r, const void *x, const void *dy, void *y, void *scratch) {
    job j = {.cut = ck_cut_of(r), .in = ck_inner(r.elem), .x = x, .dy = dy, .y = y};
    j.room = room_of(&j.cut, scratch);
    return j;
}

static void normalize_unit(void *arg, int64_t at, int64_t n) {
    const part *p = arg;
    const job *j = p->j;
    j->in->normalize(n, j->cut.period, from(j, j->x, at), j->room.a + p->params,
                     j->room.b + p->params, j->room.c + p->params, from(j, j->residual, at),
                     j->relu, j->y + at * j->in->size);
}

static void normalize_chunk(void *arg, int64_t i, int worker) {
    (void)worker;
    part p = part_of(arg, i);
    ck_each(&p.j->cut, i, normalize_unit, &p);
}

// first_row is a row of the tensor: statistics are taken about it, so that a
// large mean does not swallow a small variance.
static void first_row(const job *j, float *channels) {
    ck_rows r = j->cut.rows;
    for (int64_t b = 0; b < r.blocks; b++)
        j->in->to_float(r.channels, from(j, j->x, b * r.places * r.channels), channels + b * r.channels);
}

static void batch_statistics(const ck_team *t, const ck_norm *n, job *j) {
    int64_t C = channels_of(&j->cut);
    double rows = (double)(j->cut.rows.outer * j->cut.rows.places);
    float *shift = j->room.channels;
    first_row(j, shift);
    ck_repeat(&j->cut, shift, j->room.a);
    j->sums = 2;
    j->add = add_squares;
    sums(t, j);
    for (int64_t k = 0; k < C; k++) {
        double offset = j->room.total[k] / rows;
        double mean = shift[k] + offset, var = j->room.total[C + k] / rows - offset * offset;
        if (var < 0) var = 0;
        double unbiased = rows > 1 ? var * rows / (rows - 1) : var;
        n->mean[k] = (float)mean;
        n->invstd[k] = (float)(1 / sqrt(var + n->eps));
        n->running_mean[k] = (float)((1 - n->momentum) * n->running_mean[k] + n->momentum * mean);
        n->running_var[k] = (float)((1 - n->momentum) * n->running_var[k] + n->momentum * unbiased);
    }
}

void ck_bn_forward(const ck_team *t, ck_rows r, const ck_norm *n, const void *x, void *y,
                   void *scratch) {
    job j = job_of(r, x, NULL, y, scratch);
    int64_t C = channels_of(&j.cut);
    if (n->train)
        batch_statistics(t, n, &j);
    else
        for (int64_t k = 0; k < C; k++) {
            n->mean[k] = n->running_mean[k];
            n->invstd[k] = (float)(1 / sqrt(n->running_var[k] + n->eps));
        }
    for (int64_t k = 0; k < C; k++) j.room.channels[k] = n->gamma[k] * n->invstd[k];
    ck_repeat(&j.cut, n->mean, j.room.a);
    ck_repeat(&j.cut, j.room.channels, j.room.b);
    ck_repeat(&j.cut, n->beta, j.room.c);
    j.residual = n->residual;
    j.relu = n->relu;
    ck_parallel(t, j.cut.chunks, normalize_chunk, &j);
}

static void normalize_grad_unit(void *arg, int64_t at, int64_t n) {
    const part *p = arg;
    const job *j = p->j;
    j->in->normalize_grad(n, j->cut.period, from(j, j->dy, at), from(j, j->gate, at),
                          from(j, j->x, at), j->room.a + p->params, j->room.b + p->params,
                          j->room.c + p->params, j->room.d + p->params, j->y + at * j->in->size);
}

static void normalize_grad_chunk(void *arg, int64_t i, int worker) {
    (void)worker;
    part p = part_of(arg, i);
    ck_each(&p.j->cut, i, normalize_grad_unit, &p);
}

// dx = g s (dy - mean(dy) - (x-m) s^2 mean(dy (x-m))), with s = 1/std.
void ck_bn_backward(const ck_team *t, ck_rows r, const ck_norm_grad *n, const void *dy,
                    const void *x, void *dx, void *scratch) {
    job j = job_of(r, x, dy, dx, scratch);
    int64_t C = channels_of(&j.cut);
    double rows = (double)(r.outer * r.places);
    j.gate = n->gate;
    ck_repeat(&j.cut, n->mean, j.room.a);
    j.sums = 2;
    j.add = add_products;
    sums(t, &j);
    float *values = j.room.channels;
    for (int64_t k = 0; k < C; k++) {
        n->dbeta[k] = (float)j.room.total[k];
        n->dgamma[k] = (float)(j.room.total[C + k] * n->invstd[k]);
        values[k] = n->gamma[k] * n->invstd[k];
    }
    ck_repeat(&j.cut, values, j.room.b);
    for (int64_t k = 0; k < C; k++) {
        double s = n->invstd[k];
        values[k] = n->train ? (float)(-n->gamma[k] * s * s * s * j.room.total[C + k] / rows) : 0;
    }
    ck_repeat(&j.cut, values, j.room.c);
    for (int64_t k = 0; k < C; k++)
        values[k] = n->train ? (float)(-(double)n->gamma[k] * n->invstd[k] * j.room.total[k] / rows) : 0;
    ck_repeat(&j.cut, values, j.room.d);
    ck_parallel(t, j.cut.chunks, normalize_grad_chunk, &j);
}

void ck_sum_rows(const ck_team *t, ck_rows r, const void *x, float *sum, void *scratch) {
    job j = job_of(r, x, NULL, NULL, scratch);
    j.sums = 1;
    j.add = add_plain;
    sums(t, &j);
    for (int64_t k = 0; k < channels_of(&j.cut); k++) sum[k] = (float)j.room.total[k];
}

static void add_row_unit(void *arg, int64_t at, int64_t n) {
    const part *p = arg;
    const job *j = p->j;
    j->in->add_row(n, j->cut.period, from(j, j->x, at), j->room.a + p->params, j->y + at * j->in->size);
}

static void add_row_chunk(void *arg, int64_t i, int worker) {
    (void)worker;
    part p = part_of(arg, i);
    ck_each(&p.j->cut, i, add_row_unit, &p);
}

void ck_add_row(const ck_team *t, ck_rows r, const void *x, const float *b, void *y, void *scratch) {
    job j = job_of(r, x, NULL, y, scratch);
    ck_repeat(&j.cut, b, j.room.a);
    ck_parallel(t, j.cut.chunks, add_row_chunk, &j);
}
