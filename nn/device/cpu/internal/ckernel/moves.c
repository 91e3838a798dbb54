#include "parallel.h"

#include <string.h>

// Blocks of `tile` by `tile` words are turned: both sides fit the nearest cache.
enum { tile = 32, unit = 1 << 14 };

typedef struct {
    ck_view v;          // turned axis and last axis taken out
    int64_t outer;      // positions of the axes left
    int64_t wide, long_;  // sizes of the axis that is contiguous in x, and of the last
    int64_t wide_step, last_step; // of the first in y, of the last in x
    int64_t pieces, each;         // of the contiguous axis
    int64_t y_step[ck_axes];
    const uint32_t *x;
    uint32_t *y;
} job;

static void place(const job *j, int64_t o, int64_t *x, int64_t *y) {
    *x = *y = 0;
    for (int a = j->v.axes - 1; a >= 0; a--) {
        int64_t k = o % j->v.size[a];
        o /= j->v.size[a];
        *x += k * j->v.step[a];
        *y += k * j->y_step[a];
    }
}

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void turn_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int64_t x, y, from = i % j->pieces * j->each, to = least(from + j->each, j->wide);
    place(j, i / j->pieces, &x, &y);
    for (int64_t w = from; w < to; w += tile)
        for (int64_t l = 0; l < j->long_; l += tile)
            for (int64_t k = w; k < least(w + tile, to); k++)
                for (int64_t m = l; m < least(l + tile, j->long_); m++)
                    j->y[y + k * j->wide_step + m] = j->x[x + k + m * j->last_step];
}

// Runs that are contiguous on both sides.
static void run_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    for (int64_t o = i * j->each; o < least((i + 1) * j->each, j->outer); o++) {
        int64_t x, y;
        place(j, o, &x, &y);
        memcpy(j->y + y, j->x + x, sizeof(uint32_t) * (size_t)j->long_);
    }
}

// take_out removes axis a of the view and returns its size.
static int64_t take_out(job *j, int a) {
    int64_t size = j->v.size[a];
    j->v.axes--;
    for (int k = a; k < j->v.axes; k++) {
        j->v.size[k] = j->v.size[k + 1];
        j->v.step[k] = j->v.step[k + 1];
        j->y_step[k] = j->y_step[k + 1];
    }
    return size;
}

void ck_permute(const ck_team *t, const ck_view *v, const uint32_t *x, uint32_t *y) {
    job j = {.v = *v, .outer = 1, .wide = 1, .x = x, .y = y};
    int64_t step = 1;
    int last = v->axes - 1, wide = last;
    for (int a = last; a >= 0; a--) {
        j.y_step[a] = step;
        step *= v->size[a];
        if (v->step[a] == 1) wide = a;
    }
    j.last_step = v->step[last];
    j.wide_step = j.y_step[wide];
    j.long_ = take_out(&j, last);
    if (wide != last) j.wide = take_out(&j, wide);
    for (int a = 0; a < j.v.axes; a++) j.outer *= j.v.size[a];
    if (wide == last) {
        j.each = j.long_ < unit ? unit / j.long_ : 1;
        ck_parallel(t, (j.outer + j.each - 1) / j.each, run_chunk, &j);
        return;
    }
    j.each = (unit / j.long_ + tile - 1) / tile * tile;
    if (j.each < tile) j.each = tile;
    j.pieces = (j.wide + j.each - 1) / j.each;
    ck_parallel(t, j.outer * j.pieces, turn_chunk, &j);
}

typedef struct {
    int64_t count, bytes, each, x_step, y_step;
    const char *x;
    char *y;
} runs;

static void copy_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    runs *r = p;
    for (int64_t k = i * r->each; k < least((i + 1) * r->each, r->count); k++)
        if (r->x)
            memcpy(r->y + k * r->y_step, r->x + k * r->x_step, (size_t)r->bytes);
        else
            memset(r->y + k * r->y_step, 0, (size_t)r->bytes);
}

void ck_copy_runs(const ck_team *t, int64_t count, int64_t bytes, const char *x, int64_t x_step,
                  char *y, int64_t y_step) {
    runs r = {count, bytes, 4 * unit / bytes, x_step, y_step, x, y};
    if (r.each < 1) r.each = 1;
    ck_parallel(t, (count + r.each - 1) / r.each, copy_chunk, &r);
}
