#include "similarity.h"

#include "parallel.h"

#include <math.h>
#include <string.h>

// Work is cut by shape alone, and every sum is added in one order: results do
// not depend on the number of threads.

enum {
    tile_rows = 128,
    tile_columns = 256,
    most_chunks = 16, // of columns, in the gradient
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// share is a count for each of most_chunks workers, a multiple of 16 within bounds.
static int64_t share(int64_t n, int64_t low, int64_t high) {
    int64_t each = ((n + most_chunks - 1) / most_chunks + 15) / 16 * 16;
    return each < low ? low : each > high ? high : each;
}

static const similarity_loops *loops(void) {
#if defined(__x86_64__)
    if (!strcmp(ck_level(), "AVX-512")) return &similarity_avx512;
    if (!strcmp(ck_level(), "AVX2")) return &similarity_avx2;
#endif
    return &similarity_base;
}

typedef struct {
    const ck_similarity *s;
    ck_sgemm *sgemm;
    const similarity_loops *loops;
    ck_logsum *sums;
    const ck_similarity_grads *g;
    float *tiles, *partial;      // of the workers; da of the chunks of columns
    int64_t rows, chunk, chunks; // rows of a block, columns of a chunk
    int64_t from, to;            // the rows of the gradient's block
    int status;
} job;

// tile is a block of scores: rows [i, i+rows), columns [j, j+columns).
typedef struct {
    int64_t i, j, rows, columns;
    float *scores;
} tile;

// product adds alpha op(x) op(y) to beta z, row-major: the sgemm given, or plain
// loops where none is, for tests.
static void product(job *w, char tx, char ty, int64_t m, int64_t n, int64_t k, float alpha, const float *x,
                    int64_t ldx, const float *y, int64_t ldy, float beta, float *z, int64_t ldz) {
    if (w->sgemm) {
        int status = w->sgemm(tx, ty, m, n, k, alpha, x, ldx, y, ldy, beta, z, ldz);
        if (status) w->status = status;
        return;
    }
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += (double)(tx == 'T' ? x[l * ldx + i] : x[i * ldx + l]) *
                       (double)(ty == 'T' ? y[j * ldy + l] : y[l * ldy + j]);
            z[i * ldz + j] = alpha * (float)sum + (beta != 0 ? beta * z[i * ldz + j] : 0);
        }
}

static tile scores_of(job *w, int64_t i, int64_t j, int64_t rows, int64_t columns, float *to) {
    const ck_similarity *s = w->s;
    product(w, 'N', 'T', rows, columns, s->d, s->scale, s->a + i * s->d, s->d, s->b + j * s->d, s->d, 0, to,
            columns);
    return (tile){i, j, rows, columns, to};
}

// hide takes the masked pairs out of a tile.
static void hide(const ck_similarity *s, tile t) {
    if (!s->order) return;
    for (int64_t r = 0; r < t.rows; r++) {
        int32_t k = s->begin[t.i + r], end = s->end[t.i + r];
        while (k < end) { // the first column of the tile
            int32_t middle = k + (end - k) / 2;
            if (s->order[middle] < t.j) k = middle + 1;
            else end = middle;
        }
        for (end = s->end[t.i + r]; k < end && s->order[k] < t.j + t.columns; k++)
            t.scores[r * t.columns + s->order[k] - t.j] = -INFINITY;
    }
}

static void forward_rows(void *p, int64_t block, int worker) {
    job *w = p;
    const ck_similarity *s = w->s;
    int64_t from = block * w->rows, rows = least(w->rows, s->n - from);
    for (int64_t j = 0; j < s->m; j += tile_columns) {
        tile t = scores_of(w, from, j, rows, least(tile_columns, s->m - j),
                           w->tiles + (int64_t)worker * tile_rows * tile_columns);
        for (int64_t r = 0; r < rows; r++) {
            int64_t target = s->targets[from + r] - j;
            if (target < 0 || target >= t.columns) continue;
            w->sums[from + r].score = t.scores[r * t.columns + target];
            t.scores[r * t.columns + target] = -INFINITY;
        }
        hide(s, t);
        for (int64_t r = 0; r < rows; r++)
            w->loops->add(t.columns, t.scores + r * t.columns, &w->sums[from + r]);
    }
}

int64_t ck_similarity_scratch(const ck_team *t, const ck_similarity *s) {
    (void)s;
    return (int64_t)sizeof(float) * t->threads * tile_rows * tile_columns;
}

int ck_similarity_forward(const ck_team *t, ck_sgemm *sgemm, const ck_similarity *s, ck_logsum *rows,
                          void *scratch) {
    job w = {.s = s, .sgemm = sgemm, .loops = loops(), .sums = rows, .tiles = scratch};
    w.rows = share(s->n, 16, tile_rows);
    ck_parallel(t, (s->n + w.rows - 1) / w.rows, forward_rows, &w);
    return w.status;
}

// aside is a target of a tile whose pair counts though it may be masked.
typedef struct {
    float score;
    int64_t at; // in the tile, -1 for none
} aside;

static void set_aside(tile t, const int32_t *targets, int64_t n, int64_t first, int64_t begin, int64_t size,
                      int64_t step, int64_t stride, aside *out) {
    for (int64_t k = 0; k < n; k++) {
        int64_t target = targets[first + k] - begin;
        out[k].at = -1;
        if (targets[first + k] < 0 || target < 0 || target >= size) continue;
        out[k].at = k * step + target * stride;
        out[k].score = t.scores[out[k].at];
    }
}

// correct subtracts the one-hot part of the targets' shares, and adds the other
// part where the mask has hidden it.
static void correct(tile t, const aside *out, const char *hidden, int64_t n, const float *weights,
                    const float *logsums) {
    for (int64_t k = 0; k < n; k++) {
        if (out[k].at < 0) continue;
        float part = hidden[k] ? expf(out[k].score - logsums[k]) : 0;
        t.scores[out[k].at] += weights[k] * (part - 1);
    }
}

static void mark(tile t, const aside *out, int64_t n, char *hidden) {
    for (int64_t k = 0; k < n; k++)
        hidden[k] = out[k].at >= 0 && t.scores[out[k].at] == -INFINITY && out[k].score != -INFINITY;
}

// turn_to_shares makes a tile of scores the gradient with respect to them.
static void turn_to_shares(job *w, tile t) {
    const ck_similarity *s = w->s;
    const ck_similarity_grads *g = w->g;
    aside rows[tile_rows], columns[tile_columns];
    char hidden_rows[tile_rows], hidden_columns[tile_columns];
    set_aside(t, s->targets, t.rows, t.i, t.j, t.columns, t.columns, 1, rows);
    if (s->column_targets)
        set_aside(t, s->column_targets, t.columns, t.j, t.i, t.rows, 1, t.columns, columns);
    hide(s, t);
    mark(t, rows, t.rows, hidden_rows);
    if (s->column_targets) mark(t, columns, t.columns, hidden_columns);
    const float *weights = g->column_weights ? g->column_weights + t.j : NULL;
    const float *logsums = g->column_weights ? g->column_logsums + t.j : NULL;
    for (int64_t r = 0; r < t.rows; r++)
        w->loops->shares(t.columns, t.scores + r * t.columns, g->weights[t.i + r], g->logsums[t.i + r],
                         weights, logsums, t.scores + r * t.columns);
    correct(t, rows, hidden_rows, t.rows, g->weights + t.i, g->logsums + t.i);
    if (s->column_targets) correct(t, columns, hidden_columns, t.columns, weights, logsums);
}

// One chunk of columns against the block of rows: it alone writes its part of
// db, and its own part of da.
static void backward_columns(void *p, int64_t chunk, int worker) {
    job *w = p;
    const ck_similarity *s = w->s;
    int64_t d = s->d, rows = w->to - w->from, end = least((chunk + 1) * w->chunk, s->m);
    float *da = w->partial + chunk * w->rows * d, *room = w->tiles + (int64_t)worker * tile_rows * tile_columns;
    for (int64_t j = chunk * w->chunk; j < end; j += tile_columns) {
        tile t = scores_of(w, w->from, j, rows, least(tile_columns, end - j), room);
        turn_to_shares(w, t);
        product(w, 'N', 'N', rows, d, t.columns, 1, t.scores, t.columns, s->b + j * d, d,
                j > chunk * w->chunk, da, d);
        if (w->g->db)
            product(w, 'T', 'N', t.columns, d, rows, s->scale, t.scores, t.columns, s->a + w->from * d, d,
                    w->from > 0, w->g->db + j * d, d);
    }
}

enum { reduced_rows = 16 };

static void reduce_rows(void *p, int64_t part, int worker) {
    (void)worker;
    job *w = p;
    int64_t d = w->s->d, r = part * reduced_rows, rows = least(reduced_rows, w->to - w->from - r);
    float *sum = w->partial + r * d;
    for (int64_t c = 1; c < w->chunks; c++)
        w->loops->accumulate(rows * d, w->partial + (c * w->rows + r) * d, sum);
    for (int64_t k = 0; k < rows; k++) {
        int64_t i = w->from + r + k;
        w->g->dscale[i] = w->loops->dot(d, sum + k * d, w->s->a + i * d);
        for (int64_t l = 0; l < d; l++) w->g->da[i * d + l] = w->s->scale * sum[k * d + l];
    }
}

static void cut(job *w) {
    w->rows = least(tile_rows, w->s->n);
    w->chunk = share(w->s->m, 32, w->s->m + 15);
    w->chunks = (w->s->m + w->chunk - 1) / w->chunk;
}

int64_t ck_similarity_grad_scratch(const ck_team *t, const ck_similarity *s) {
    job w = {.s = s};
    cut(&w);
    return (int64_t)sizeof(float) * (t->threads * tile_rows * tile_columns + w.chunks * w.rows * s->d);
}

int ck_similarity_backward(const ck_team *t, ck_sgemm *sgemm, const ck_similarity *s,
                           const ck_similarity_grads *g, void *scratch) {
    job w = {.s = s, .sgemm = sgemm, .loops = loops(), .g = g, .tiles = scratch};
    cut(&w);
    w.partial = w.tiles + t->threads * tile_rows * tile_columns;
    for (; w.from < s->n && !w.status; w.from = w.to) {
        w.to = least(w.from + w.rows, s->n);
        ck_parallel(t, w.chunks, backward_columns, &w);
        ck_parallel(t, (w.to - w.from + reduced_rows - 1) / reduced_rows, reduce_rows, &w);
    }
    return w.status;
}
