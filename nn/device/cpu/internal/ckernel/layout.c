#include "parallel.h"

// A chunk is `span` places of one sample: its two sides fit the nearest cache.
enum { span = 256, tile = 16 };

typedef struct {
    int64_t channels, places, spans;
    const uint32_t *x;
    uint32_t *y;
} job;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void last_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t C = j->channels, S = j->places, from = i % j->spans * span, to = least(from + span, S);
    const uint32_t *x = j->x + i / j->spans * C * S;
    uint32_t *y = j->y + i / j->spans * C * S;
    for (int64_t c = 0; c < C; c += tile)
        for (int64_t s = from; s < to; s++)
            for (int64_t k = c; k < least(c + tile, C); k++) y[s * C + k] = x[k * S + s];
}

static void plain_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t C = j->channels, S = j->places, from = i % j->spans * span, to = least(from + span, S);
    const uint32_t *x = j->x + i / j->spans * C * S;
    uint32_t *y = j->y + i / j->spans * C * S;
    for (int64_t c = 0; c < C; c += tile)
        for (int64_t s = from; s < to; s += tile)
            for (int64_t k = c; k < least(c + tile, C); k++)
                for (int64_t l = s; l < least(s + tile, to); l++) y[k * S + l] = x[l * C + k];
}

static job job_of(int64_t c, int64_t places, const void *x, void *y) {
    return (job){c, places, (places + span - 1) / span, x, y};
}

void ck_to_channels_last(const ck_team *t, int64_t n, int64_t c, int64_t places, const void *x, void *y) {
    job j = job_of(c, places, x, y);
    ck_parallel(t, n * j.spans, last_chunk, &j);
}

void ck_to_plain(const ck_team *t, int64_t n, int64_t c, int64_t places, const void *x, void *y) {
    job j = job_of(c, places, x, y);
    ck_parallel(t, n * j.spans, plain_chunk, &j);
}
