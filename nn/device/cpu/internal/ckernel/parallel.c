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

// Tables, best first, and what each needs.
static const inner *const tables[] = {
#if defined(__x86_64__)
    &inner_avx512,
    &inner_avx2,
#endif
    &inner_base,
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

static int first_allowed; // tests pass over better tables

const inner *ck_inner(void) {
    int i = first_allowed;
    while (!runs_here(tables[i])) i++;
    return tables[i];
}

const char *ck_level(void) { return ck_inner()->name; }

int ck_pass_over(int better) {
    if (better < 0 || better >= (int)(sizeof tables / sizeof *tables)) return 0;
    first_allowed = better;
    return 1;
}

enum { shortest_period = 256, usual_chunk = 1 << 15, most_chunks = 256 };

ck_cut ck_cut_of(ck_rows r) {
    ck_cut c = {.elements = r.rows * r.channels, .channels = r.channels};
    c.period = r.channels * ((shortest_period + r.channels - 1) / r.channels);
    int64_t periods = (c.elements + c.period - 1) / c.period;
    int64_t each = (periods + most_chunks - 1) / most_chunks;
    if (each < usual_chunk / c.period) each = usual_chunk / c.period;
    if (each < 1) each = 1;
    c.chunk = each * c.period;
    c.chunks = (c.elements + c.chunk - 1) / c.chunk;
    return c;
}

int64_t ck_cut_size(const ck_cut *c, int64_t i) {
    int64_t left = c->elements - i * c->chunk;
    return left < c->chunk ? left : c->chunk;
}

void ck_repeat(const ck_cut *c, float *values) {
    for (int64_t i = c->channels; i < c->period; i++) values[i] = values[i - c->channels];
}
