#include "parallel.h"

enum { unit = 1 << 14, shortest_period = 64, longest_period = 2 * shortest_period };

typedef struct {
    const inner *in;
    int multiply;
    float factor;
    int64_t places, channels, each, pieces; // each: places of a chunk
    const char *x;
    const float *b;
    char *y;
} job;

// A piece of one sample or block. Few channels are repeated, so that loops are
// long.
static void sample_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t c = j->channels, period = c, sample = i / j->pieces, from = i % j->pieces * j->each;
    int64_t left = j->places - from, n = (left < j->each ? left : j->each) * c;
    int64_t at = (sample * j->places + from) * c * j->in->size;
    const float *b = j->b + sample * c;
    float repeated[longest_period];
    if (c < shortest_period) {
        period = (shortest_period + c - 1) / c * c;
        for (int64_t k = 0; k < period; k++) repeated[k] = b[k % c];
        b = repeated;
    }
    (j->multiply ? j->in->functions->mul_row : j->in->add_row)(n, period, j->x + at, b, j->y + at);
}

void ck_sample_row(const ck_team *t, int multiply, ck_rows r, const void *x, const float *b, void *y) {
    job j = {.in = ck_inner(r.elem), .multiply = multiply, .places = r.places, .channels = r.channels,
             .each = unit / r.channels, .x = x, .b = b, .y = y};
    if (j.each < 1) j.each = 1;
    j.pieces = (r.places + j.each - 1) / j.each;
    ck_parallel(t, r.outer * r.blocks * j.pieces, sample_chunk, &j);
}

static void spread_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t c = j->channels;
    j->in->spread(j->places, c, j->b + i * c, j->factor, j->y + i * j->places * c * j->in->size);
}

void ck_spread(const ck_team *t, int elem, int64_t n, int64_t places, int64_t channels,
               const float *x, float factor, void *y) {
    job j = {.in = ck_inner(elem), .factor = factor, .places = places, .channels = channels, .b = x, .y = y};
    ck_parallel(t, n, spread_chunk, &j);
}
