#include "parallel.h"

#include <string.h>

// The gradient of a convolution's weights, one tap of the kernel after the
// other: the rows of x and dy that meet there are gathered and multiplied.
// Taps that mostly fall into padding, as they do on maps of few places, cost
// only the rows inside; unfolding the input would multiply the zeros too.

enum { block = 1024 }; // rows gathered for one product

typedef struct {
    const ck_conv *conv;
    ck_sgemm *sgemm;
    const float *x, *dy;
    float *dw, *products, *rooms;
    int64_t taps, room;
    int *status;
} job;

typedef struct {
    int64_t from, to; // outputs whose source for a tap lies in the input
} range;

static int64_t volume(const int64_t *a) { return a[0] * a[1] * a[2]; }

static int64_t source(const ck_conv *c, int axis, int64_t o, int64_t tap) {
    return o * c->stride[axis] - c->pad[axis] + tap * c->dilation[axis];
}

static range inside(const ck_conv *c, int axis, int64_t tap) {
    range r = {0, c->out[axis]};
    while (r.from < r.to && source(c, axis, r.from, tap) < 0) r.from++;
    while (r.to > r.from && source(c, axis, r.to - 1, tap) >= c->in[axis]) r.to--;
    return r;
}

typedef struct {
    job *j;
    float *x, *dy, *product;
    int64_t rows;
    int started;
} gathering;

// flush adds dy'x of the gathered rows to the product.
static void flush(gathering *g) {
    const ck_conv *c = g->j->conv;
    if (!g->rows) return;
    int status = g->j->sgemm('T', 'N', c->k, c->c, g->rows, 1, g->dy, c->k, g->x, c->c,
                             g->started ? 1 : 0, g->product, c->c);
    if (status) *g->j->status = status;
    g->started = 1;
    g->rows = 0;
}

static void gather(gathering *g, int64_t from, int64_t to) {
    const ck_conv *c = g->j->conv;
    memcpy(g->x + g->rows * c->c, g->j->x + from * c->c, sizeof(float) * (size_t)c->c);
    memcpy(g->dy + g->rows * c->k, g->j->dy + to * c->k, sizeof(float) * (size_t)c->k);
    if (++g->rows == block) flush(g);
}

static void tap_chunk(void *p, int64_t tap, int worker) {
    job *j = p;
    const ck_conv *c = j->conv;
    float *room = j->rooms + worker * j->room;
    gathering g = {j, room, room + block * c->c, j->products + tap * c->k * c->c, 0, 0};
    int64_t a = tap / (c->kernel[1] * c->kernel[2]), b = tap / c->kernel[2] % c->kernel[1];
    int64_t e = tap % c->kernel[2];
    range d = inside(c, 0, a), h = inside(c, 1, b), w = inside(c, 2, e);
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t i = d.from; i < d.to; i++)
            for (int64_t k = h.from; k < h.to; k++)
                for (int64_t l = w.from; l < w.to; l++) {
                    int64_t s = (source(c, 0, i, a) * c->in[1] + source(c, 1, k, b)) * c->in[2];
                    gather(&g, n * volume(c->in) + s + source(c, 2, l, e),
                           n * volume(c->out) + (i * c->out[1] + k) * c->out[2] + l);
                }
    flush(&g);
    if (!g.started) memset(g.product, 0, sizeof(float) * (size_t)(c->k * c->c));
}

// turn_chunk writes the weights of one output channel: taps innermost.
static void turn_chunk(void *p, int64_t k, int worker) {
    (void)worker;
    job *j = p;
    int64_t C = j->conv->c, K = j->conv->k, T = j->taps;
    for (int64_t c = 0; c < C; c++)
        for (int64_t t = 0; t < T; t++)
            j->dw[(k * C + c) * T + t] = j->products[(t * K + k) * C + c];
}

static int64_t room_floats(const ck_conv *c) { return (block * (c->c + c->k) + 15) / 16 * 16; }

int64_t ck_conv_grad_weight_scratch(const ck_team *t, const ck_conv *c) {
    int64_t products = volume(c->kernel) * c->k * c->c;
    return (products + t->threads * room_floats(c)) * (int64_t)sizeof(float);
}

int ck_conv_grad_weight(const ck_team *t, ck_sgemm *sgemm, const ck_conv *c, const float *x,
                        const float *dy, float *dw, float *scratch) {
    int status = 0;
    job j = {.conv = c, .sgemm = sgemm, .x = x, .dy = dy, .dw = dw, .status = &status};
    j.taps = volume(c->kernel);
    j.room = room_floats(c);
    j.rooms = scratch;
    j.products = scratch + t->threads * j.room;
    ck_parallel(t, j.taps, tap_chunk, &j);
    ck_parallel(t, c->k, turn_chunk, &j);
    return status;
}
