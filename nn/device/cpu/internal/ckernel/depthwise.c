#include "parallel.h"

#include <stdlib.h>
#include <string.h>

// Depthwise convolutions: every channel has a kernel of its own, so that they
// are bound by memory and loads, not by products; unfolding them to matrices,
// as libraries do in 3-D, multiplies that traffic. Here a row of outputs is
// summed in registers, sixteen channels and a few places at a time.

enum { most_parts = 64 }; // of the weights' gradient, added up in their order

typedef struct {
    const inner *in;
    const ck_conv *conv;
    const char *x, *dy;
    char *y;
    float *weights, *partial; // (taps, channels of one sample's block)
    int64_t blocks, taps, parts;
} job;

static int64_t volume(const int64_t *a) { return a[0] * a[1] * a[2]; }

static int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// turn writes plain weights (blocks*C, taps) as (blocks, taps, C).
static void turn(const job *j, const float *w) {
    int64_t C = j->conv->c, T = j->taps;
    for (int64_t b = 0; b < j->blocks; b++)
        for (int64_t t = 0; t < T; t++)
            for (int64_t c = 0; c < C; c++) j->weights[(b * T + t) * C + c] = w[(b * C + c) * T + t];
}

// Forward: outputs o of a row read x at o*stride + place.
static void forward_row(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    const ck_conv *c = j->conv;
    int64_t C = c->c, h = i % c->out[1], d = i / c->out[1] % c->out[0], n = i / c->out[1] / c->out[0];
    const float *w = j->weights + n % j->blocks * j->taps * C;
    ck_tap taps[j->taps];
    int64_t count = 0, tap = 0;
    for (int64_t a = 0; a < c->kernel[0]; a++)
        for (int64_t b = 0; b < c->kernel[1]; b++) {
            int64_t z = d * c->stride[0] - c->pad[0] + a * c->dilation[0];
            int64_t y = h * c->stride[1] - c->pad[1] + b * c->dilation[1];
            int inside = z >= 0 && z < c->in[0] && y >= 0 && y < c->in[1];
            for (int64_t e = 0; e < c->kernel[2]; e++, tap++) {
                int64_t place = e * c->dilation[2] - c->pad[2], s = c->stride[2];
                if (!inside) continue;
                int64_t from = place < 0 ? up(-place, s) : 0;
                int64_t to = c->in[2] > place ? up(c->in[2] - place, s) : 0;
                if (to > c->out[2]) to = c->out[2];
                int64_t row = ((n * c->in[0] + z) * c->in[1] + y) * c->in[2] + place;
                if (from < to) taps[count++] = (ck_tap){j->x, w + tap * C, row * C, from, to};
            }
        }
    j->in->weigh(c->out[2], C, taps, count, c->stride[2] * C, j->y, i * c->out[2] * C, C);
}

// Input gradients: of the places that are equal modulo the stride, each reads
// the next output, by the taps that reach it.
static void backward_row(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    const ck_conv *c = j->conv;
    int64_t C = c->c, h = i % c->in[1], d = i / c->in[1] % c->in[0], n = i / c->in[1] / c->in[0];
    int64_t s = c->stride[2];
    const float *w = j->weights + n % j->blocks * j->taps * C;
    ck_tap taps[j->taps];
    for (int64_t r = 0; r < s && r < c->in[2]; r++) {
        int64_t count = 0, tap = 0, places = up(c->in[2] - r, s);
        for (int64_t a = 0; a < c->kernel[0]; a++)
            for (int64_t b = 0; b < c->kernel[1]; b++) {
                int64_t z = d + c->pad[0] - a * c->dilation[0], y = h + c->pad[1] - b * c->dilation[1];
                int inside = z >= 0 && z % c->stride[0] == 0 && z / c->stride[0] < c->out[0] &&
                             y >= 0 && y % c->stride[1] == 0 && y / c->stride[1] < c->out[1];
                for (int64_t e = 0; e < c->kernel[2]; e++, tap++) {
                    int64_t v = r + c->pad[2] - e * c->dilation[2];
                    if (!inside || (v % s + s) % s) continue;
                    int64_t first = (v - (v % s + s) % s) / s; // the output that place r reads
                    int64_t from = first < 0 ? -first : 0, to = c->out[2] - first;
                    if (to > places) to = places;
                    int64_t row = ((n * c->out[0] + z / c->stride[0]) * c->out[1] + y / c->stride[1]) * c->out[2] + first;
                    if (from < to) taps[count++] = (ck_tap){j->dy, w + tap * C, row * C, from, to};
                }
            }
        j->in->weigh(places, C, taps, count, C, j->y, (i * c->in[2] + r) * C, s * C);
    }
}

// Weight gradients: a part is a run of output rows of one block of channels.
static void weight_part(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    const ck_conv *c = j->conv;
    int64_t C = c->c, s = c->stride[2], block = i % j->blocks, part = i / j->blocks;
    int64_t rows = c->n / j->blocks * c->out[0] * c->out[1];
    float *sums = j->partial + i * j->taps * C;
    memset(sums, 0, sizeof(float) * (size_t)(j->taps * C));
    for (int64_t q = part * rows / j->parts; q < (part + 1) * rows / j->parts; q++) {
        int64_t h = q % c->out[1], d = q / c->out[1] % c->out[0];
        int64_t n = q / c->out[1] / c->out[0] * j->blocks + block;
        int64_t dy = ((n * c->out[0] + d) * c->out[1] + h) * c->out[2] * C;
        for (int64_t a = 0; a < c->kernel[0]; a++)
            for (int64_t b = 0; b < c->kernel[1]; b++) {
                int64_t z = d * c->stride[0] - c->pad[0] + a * c->dilation[0];
                int64_t y = h * c->stride[1] - c->pad[1] + b * c->dilation[1];
                if (z < 0 || z >= c->in[0] || y < 0 || y >= c->in[1]) continue;
                ck_tap taps[c->kernel[2]];
                for (int64_t e = 0; e < c->kernel[2]; e++) {
                    int64_t place = e * c->dilation[2] - c->pad[2];
                    int64_t from = place < 0 ? up(-place, s) : 0;
                    int64_t to = c->in[2] > place ? up(c->in[2] - place, s) : 0;
                    if (to > c->out[2]) to = c->out[2];
                    int64_t row = ((n * c->in[0] + z) * c->in[1] + y) * c->in[2] + place;
                    taps[e] = (ck_tap){j->x, NULL, row * C, from, to};
                }
                j->in->correlate(C, j->dy, dy, taps, c->kernel[2], s * C,
                                 sums + (a * c->kernel[1] + b) * c->kernel[2] * C);
            }
    }
}

static job job_of(const ck_conv *c, int elem, int64_t blocks, float *scratch) {
    job j = {.in = ck_inner(elem), .conv = c, .weights = scratch, .partial = scratch, .blocks = blocks};
    j.taps = volume(c->kernel);
    int64_t rows = c->n / blocks * c->out[0] * c->out[1];
    j.parts = up(most_parts, blocks);
    if (j.parts > rows) j.parts = rows;
    return j;
}

int64_t ck_depthwise_scratch(const ck_conv *c, int64_t blocks) {
    job j = job_of(c, ck_f32, blocks, NULL);
    return blocks * j.taps * c->c * j.parts * (int64_t)sizeof(float);
}

void ck_depthwise(const ck_team *t, const ck_conv *c, int elem, int64_t blocks, const void *x,
                  const float *w, void *y, float *scratch) {
    job j = job_of(c, elem, blocks, scratch);
    j.x = x;
    j.y = y;
    turn(&j, w);
    ck_parallel(t, c->n * c->out[0] * c->out[1], forward_row, &j);
}

void ck_depthwise_grad_input(const ck_team *t, const ck_conv *c, int elem, int64_t blocks,
                             const void *dy, const float *w, void *dx, float *scratch) {
    job j = job_of(c, elem, blocks, scratch);
    j.dy = dy;
    j.y = dx;
    turn(&j, w);
    ck_parallel(t, c->n * c->in[0] * c->in[1], backward_row, &j);
}

void ck_depthwise_grad_weight(const ck_team *t, const ck_conv *c, int elem, int64_t blocks,
                              const void *x, const void *dy, float *dw, float *scratch) {
    job j = job_of(c, elem, blocks, scratch);
    j.x = x;
    j.dy = dy;
    ck_parallel(t, j.parts * blocks, weight_part, &j);
    int64_t C = c->c;
    for (int64_t b = 0; b < blocks; b++)
        for (int64_t k = 0; k < C; k++)
            for (int64_t tap = 0; tap < j.taps; tap++) {
                double sum = 0;
                for (int64_t part = 0; part < j.parts; part++)
                    sum += j.partial[((part * blocks + b) * j.taps + tap) * C + k];
                dw[(b * C + k) * j.taps + tap] = (float)sum;
            }
}
