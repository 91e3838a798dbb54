#include "parallel.h"

#include <string.h>

enum { chunk = 1 << 14 };

typedef struct {
    const ck_padding *p;
    int last;            // the last axis that changes
    int64_t run;         // elements behind it, which move together
    int64_t rows, each;  // rows of y along it; rows of a chunk
    int64_t from, to;    // places of a row that show x
    const char *x;
    char *y;
} job;

// source is the row of x that a row of y shows, -1 for none.
static int64_t source(const job *j, int64_t row) {
    int64_t at = 0, step = 1;
    for (int a = j->last - 1; a >= 0; a--) {
        int64_t k = row % j->p->out[a] - j->p->before[a];
        row /= j->p->out[a];
        if (k < 0 || k >= j->p->in[a]) return -1;
        at += k * step;
        step *= j->p->in[a];
    }
    return at;
}

static void fill(const job *j, char *y, int64_t n) {
    n *= j->run;
    if (!j->p->value)
        memset(y, 0, (size_t)(n * j->p->bytes));
    else
        for (int64_t i = 0; i < n; i++) memcpy(y + i * j->p->bytes, &j->p->value, (size_t)j->p->bytes);
}

static void pad_chunk(void *p, int64_t i, int worker) {
    (void)worker;
    job *j = p;
    int a = j->last;
    int64_t place = j->run * j->p->bytes, wide = j->p->out[a];
    for (int64_t r = i * j->each; r < (i + 1) * j->each && r < j->rows; r++) {
        char *y = j->y + r * wide * place;
        int64_t from = source(j, r);
        if (from < 0 || j->from == j->to) {
            fill(j, y, wide);
            continue;
        }
        fill(j, y, j->from);
        memcpy(y + j->from * place, j->x + (from * j->p->in[a] + j->from - j->p->before[a]) * place,
               (size_t)((j->to - j->from) * place));
        fill(j, y + j->to * place, wide - j->to);
    }
}

static int64_t within(int64_t v, int64_t low, int64_t high) {
    return v < low ? low : v > high ? high : v;
}

void ck_pad(const ck_team *t, const ck_padding *p, const char *x, char *y) {
    job j = {.p = p, .last = p->axes - 1, .run = 1, .rows = 1, .x = x, .y = y};
    while (j.last > 0 && p->in[j.last] == p->out[j.last] && p->before[j.last] == 0)
        j.run *= p->in[j.last--];
    int64_t wide = p->out[j.last], before = p->before[j.last];
    for (int a = 0; a < j.last; a++) j.rows *= p->out[a];
    j.from = within(before, 0, wide);
    j.to = within(before + p->in[j.last], j.from, wide);
    j.each = wide * j.run < chunk ? chunk / (wide * j.run) : 1;
    ck_parallel(t, (j.rows + j.each - 1) / j.each, pad_chunk, &j);
}
