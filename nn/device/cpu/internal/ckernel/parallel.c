#include "parallel.h"

#include <stdatomic.h>

typedef struct {
    void (*f)(void *, int64_t, int);
    void *arg;
    int64_t chunks;
    atomic_llong next;
    atomic_int workers;
} work;

// Threads take the next chunk when free: one that is held up by other
// programs delays the rest by a chunk, not by its share.
static void take(void *p) {
    work *w = p;
    int worker = atomic_fetch_add_explicit(&w->workers, 1, memory_order_relaxed);
    for (;;) {
        int64_t i = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
        if (i >= w->chunks) return;
        w->f(w->arg, i, worker);
    }
}

// The team is asked for whole even where chunks are fewer: libgomp ends the
// threads that a smaller one leaves out, and has to make them again.
void ck_parallel(const ck_team *t, int64_t chunks, void (*f)(void *, int64_t, int), void *arg) {
    work w = {f, arg, chunks, 0, 0};
    if (chunks > 1 && t->threads > 1 && t->gomp_parallel) {
        void (*parallel)(void (*)(void *), void *, unsigned, unsigned);
        *(void **)&parallel = t->gomp_parallel;
        parallel(take, &w, (unsigned)t->threads, 0);
    } else {
        take(&w);
    }
}

// Tables, best first; each for both element types.
static const inner *const tables[][2] = {
#if defined(__x86_64__)
    {&inner_avx512, &inner_avx512_bf16},
    {&inner_avx2, &inner_avx2_bf16},
#endif
    {&inner_base, &inner_base_bf16},
};

static int runs_here(const inner *t) {
#if defined(__x86_64__)
    if (t == &inner_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (t == &inner_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return t == &inner_base;
}

int ck_multiplies_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return 0;
#endif
}

static int first_allowed; // tests pass over better tables

const inner *ck_inner(int elem) {
    int i = first_allowed;
    while (!runs_here(tables[i][0])) i++;
    return tables[i][elem];
}

const char *ck_level(void) { return ck_inner(ck_f32)->name; }

int ck_pass_over(int better) {
    if (better < 0 || better >= (int)(sizeof tables / sizeof *tables)) return 0;
    first_allowed = better;
    return 1;
}

// Blocks have short periods: there are many of them, and their parameters fill
// the cache.
enum { longest_block = 64, shortest_period = 256, usual_unit = 1 << 15, most_chunks = 256 };

static int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

ck_cut ck_cut_of(ck_rows r) {
    ck_cut c = {.rows = r};
    int64_t plane = r.places * r.channels;
    c.period = r.channels * up(r.blocks > 1 ? longest_block : shortest_period, r.channels);
    int64_t periods = up(plane, c.period), each = usual_unit / c.period;
    if (r.outer == 1 && each < up(periods, most_chunks)) each = up(periods, most_chunks);
    if (each < 1) each = 1;
    c.unit = each * c.period;
    c.pieces = up(plane, c.unit);
    c.parts = r.outer * c.pieces;
    int64_t wanted = up(most_chunks, r.blocks);
    if (c.parts > wanted) c.parts = wanted;
    c.chunks = c.parts * r.blocks;
    return c;
}

void ck_each(const ck_cut *c, int64_t i, void (*f)(void *arg, int64_t at, int64_t n), void *arg) {
    int64_t block = i % c->rows.blocks, part = i / c->rows.blocks;
    int64_t units = c->rows.outer * c->pieces, plane = c->rows.places * c->rows.channels;
    for (int64_t u = part * units / c->parts; u < (part + 1) * units / c->parts; u++) {
        int64_t from = u % c->pieces * c->unit, left = plane - from;
        f(arg, (u / c->pieces * c->rows.blocks + block) * plane + from, left < c->unit ? left : c->unit);
    }
}

void ck_repeat(const ck_cut *c, const float *channels, float *values) {
    for (int64_t b = 0; b < c->rows.blocks; b++)
        for (int64_t i = 0; i < c->period; i++)
            values[b * c->period + i] = channels[b * c->rows.channels + i % c->rows.channels];
}
