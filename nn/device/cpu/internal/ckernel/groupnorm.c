#include "parallel.h"

#include <math.h>

// A sample is a chunk. Its scratch: two sums a channel, then four vectors of
// channels.
typedef struct {
    const ck_groups *g;
    const inner *in;
    const char *x, *dy;
    char *y;
    double *scratch;
} job;

static int64_t channels_of(const ck_groups *g) { return g->blocks * g->channels; }

int64_t ck_group_norm_scratch(const ck_groups *g) {
    return g->n * channels_of(g) * (int64_t)(2 * sizeof(double) + 4 * sizeof(float));
}

// One sample at work. Sums of a block lie together: first those of values,
// then those of squares or products.
typedef struct {
    double *sums;
    float *a, *b, *c, *d;
    int64_t at, block; // elements before the sample, and of a block
} room;

static room room_of(const job *j, int64_t sample) {
    int64_t c = channels_of(j->g);
    room r = {.sums = j->scratch + sample * 4 * c, .block = j->g->places * j->g->channels};
    r.a = (float *)(r.sums + 2 * c);
    r.b = r.a + c, r.c = r.b + c, r.d = r.c + c;
    r.at = sample * r.block * j->g->blocks;
    for (int64_t i = 0; i < 2 * c; i++) r.sums[i] = 0;
    return r;
}

// sum of channel c: which 0 is of values, 1 of squares or products.
static double sum_of(const job *j, const room *r, int64_t c, int which) {
    int64_t k = j->g->channels;
    return r->sums[(c / k * 2 + which) * k + c % k];
}

static void norm_sample(void *p, int64_t sample, int worker) {
    (void)worker;
    job *j = p;
    const ck_groups *g = j->g;
    room r = room_of(j, sample);
    int64_t C = channels_of(g), width = C / g->groups, size = j->in->size;
    for (int64_t c = 0; c < C; c++) r.a[c] = 0; // squares are about 0: sums are double
    for (int64_t b = 0; b < g->blocks; b++)
        j->in->sum_squares(r.block, g->channels, j->x + (r.at + b * r.block) * size,
                           r.a + b * g->channels, r.sums + 2 * b * g->channels);
    for (int64_t k = 0; k < g->groups; k++) {
        double sum = 0, square = 0, count = (double)(width * g->places);
        for (int64_t c = k * width; c < (k + 1) * width; c++)
            sum += sum_of(j, &r, c, 0), square += sum_of(j, &r, c, 1);
        double mean = sum / count, variance = square / count - mean * mean;
        double inv = 1 / sqrt((variance > 0 ? variance : 0) + g->eps);
        g->mean[sample * g->groups + k] = (float)mean;
        g->inv[sample * g->groups + k] = (float)inv;
        for (int64_t c = k * width; c < (k + 1) * width; c++)
            r.a[c] = (float)mean, r.b[c] = (float)(inv * g->gamma[c]), r.c[c] = g->beta[c];
    }
    for (int64_t b = 0; b < g->blocks; b++) {
        int64_t at = (r.at + b * r.block) * size, c = b * g->channels;
        j->in->normalize(r.block, g->channels, j->x + at, r.a + c, r.b + c, r.c + c, NULL, 0, j->y + at);
    }
}

void ck_group_norm(const ck_team *t, const ck_groups *g, const void *x, void *y, void *scratch) {
    job j = {g, ck_inner(g->elem), x, NULL, y, scratch};
    ck_parallel(t, g->n, norm_sample, &j);
}

// With xhat = (x-mean)*inv and d = dy*gamma, dx is inv*(d - mean(d) -
// xhat*mean(d*xhat)), the means over a group.
static void grad_sample(void *p, int64_t sample, int worker) {
    (void)worker;
    job *j = p;
    const ck_groups *g = j->g;
    room r = room_of(j, sample);
    int64_t C = channels_of(g), width = C / g->groups, size = j->in->size;
    for (int64_t c = 0; c < C; c++) r.a[c] = g->mean[sample * g->groups + c / width];
    for (int64_t b = 0; b < g->blocks; b++) {
        int64_t at = (r.at + b * r.block) * size;
        j->in->sum_products(r.block, g->channels, j->dy + at, NULL, j->x + at,
                            r.a + b * g->channels, r.sums + 2 * b * g->channels);
    }
    for (int64_t k = 0; k < g->groups; k++) {
        double sum = 0, product = 0, count = (double)(width * g->places);
        double inv = g->inv[sample * g->groups + k];
        for (int64_t c = k * width; c < (k + 1) * width; c++)
            sum += sum_of(j, &r, c, 0) * g->gamma[c], product += sum_of(j, &r, c, 1) * g->gamma[c];
        for (int64_t c = k * width; c < (k + 1) * width; c++) {
            r.b[c] = (float)(inv * g->gamma[c]);
            r.c[c] = (float)(-inv * inv * inv * product / count);
            r.d[c] = (float)(-inv * sum / count);
        }
    }
    for (int64_t b = 0; b < g->blocks; b++) {
        int64_t at = (r.at + b * r.block) * size, c = b * g->channels;
        j->in->normalize_grad(r.block, g->channels, j->dy + at, NULL, j->x + at, r.a + c, r.b + c,
                              r.c + c, r.d + c, j->y + at);
    }
}

void ck_group_norm_grad(const ck_team *t, const ck_groups *g, const void *dy, const void *x, void *dx,
                        float *dgamma, float *dbeta, void *scratch) {
    job j = {g, ck_inner(g->elem), x, dy, dx, scratch};
    ck_parallel(t, g->n, grad_sample, &j);
    int64_t C = channels_of(g), width = C / g->groups;
    for (int64_t c = 0; c < C; c++) { // samples in order
        double gamma = 0, beta = 0;
        for (int64_t s = 0; s < g->n; s++) {
            room r = {.sums = j.scratch + s * 4 * C};
            gamma += sum_of(&j, &r, c, 1) * g->inv[s * g->groups + c / width];
            beta += sum_of(&j, &r, c, 0);
        }
        dgamma[c] = (float)gamma, dbeta[c] = (float)beta;
    }
}
