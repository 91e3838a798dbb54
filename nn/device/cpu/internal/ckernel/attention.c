#include "parallel.h"

#include <string.h>

// Attention, one head of one sample a chunk: its rows are copied to float32
// side by side, and products with all keys are held for a tile of queries at a
// time. The gradient computes them again.

enum { tile_floats = 1 << 15, least_tile = 16, most_tile = 128 };

typedef struct {
    const ck_attention *a;
    ck_sgemm *sgemm;
    const inner *in;
    const tokens *rows; // of float32
    const float *mask, *bias;
    const ck_heads *h; // q, k, v, then y and dy, then dq, dk, dv
    float *logs, *dbias, *rooms;
    int64_t room;
    int *status;
} job;

static int64_t tile_of(const ck_attention *a) {
    int64_t n = tile_floats / a->lk;
    if (n < least_tile) n = least_tile;
    if (n > most_tile) n = most_tile;
    return n < a->lq ? n : a->lq;
}

static int64_t forward_room(const ck_attention *a) {
    return (2 * a->lq + 2 * a->lk) * a->d + tile_of(a) * a->lk;
}

static int64_t backward_room(const ck_attention *a) {
    return (4 * a->lq + 4 * a->lk) * a->d + 2 * tile_of(a) * a->lk;
}

static int64_t up16(int64_t n) { return (n + 15) / 16 * 16; }

int64_t ck_attention_scratch(const ck_team *t, const ck_attention *a, int backward) {
    return t->threads * up16(backward ? backward_room(a) : forward_room(a)) * (int64_t)sizeof(float);
}

static char *row(const job *j, const ck_heads *h, int64_t rows, int64_t n, int64_t head, int64_t l) {
    return (char *)h->at + ((n * rows + l) * h->stride + head * j->a->d) * j->in->size;
}

// load copies one head's rows to float32, save copies them back.
static void load(const job *j, const ck_heads *h, int64_t rows, int64_t n, int64_t head, float *to) {
    for (int64_t l = 0; l < rows; l++)
        j->in->to_float(j->a->d, row(j, h, rows, n, head, l), to + l * j->a->d);
}

static void save(const job *j, const ck_heads *h, int64_t rows, int64_t n, int64_t head, const float *from) {
    for (int64_t l = 0; l < rows; l++)
        j->in->from_float(j->a->d, from + l * j->a->d, row(j, h, rows, n, head, l));
}

static void multiply(job *j, char ta, char tb, int64_t m, int64_t n, int64_t k, float alpha,
                     const float *x, const float *y, float beta, float *z) {
    int status = j->sgemm(ta, tb, m, n, k, alpha, x, ta == 'T' ? m : k, y, tb == 'T' ? k : n, beta, z, n);
    if (status) *j->status = status;
}

// scores computes those of a tile of queries from `from` on.
static void scores(job *j, int64_t n, int64_t head, int64_t from, int64_t rows, const float *q,
                   const float *k, float *s) {
    const ck_attention *a = j->a;
    multiply(j, 'N', 'T', rows, a->lk, a->d, 1, q + from * a->d, k, 0, s);
    const float *mask = j->mask ? j->mask + n * a->lk : NULL;
    int64_t b = (n * a->heads + head) % (a->biases ? a->biases : 1);
    for (int64_t i = 0; i < rows; i++) {
        const float *bias = j->bias ? j->bias + (b * a->lq + from + i) * a->lk : NULL;
        j->rows->score(a->lk, a->scale, bias, mask, a->causal ? from + i + 1 : a->lk, s + i * a->lk);
    }
}

static void forward_chunk(void *p, int64_t chunk, int worker) {
    job *j = p;
    const ck_attention *a = j->a;
    int64_t n = chunk / a->heads, head = chunk % a->heads, tile = tile_of(a);
    float *q = j->rooms + worker * j->room, *y = q + a->lq * a->d, *k = y + a->lq * a->d;
    float *v = k + a->lk * a->d, *s = v + a->lk * a->d;
    load(j, &j->h[0], a->lq, n, head, q);
    load(j, &j->h[1], a->lk, n, head, k);
    load(j, &j->h[2], a->lk, n, head, v);
    for (int64_t from = 0; from < a->lq; from += tile) {
        int64_t rows = a->lq - from < tile ? a->lq - from : tile;
        scores(j, n, head, from, rows, q, k, s);
        for (int64_t i = 0; i < rows; i++)
            j->logs[chunk * a->lq + from + i] = j->rows->softmax(a->lk, s + i * a->lk);
        multiply(j, 'N', 'N', rows, a->d, a->lk, 1, s, v, 0, y + from * a->d);
    }
    save(j, &j->h[3], a->lq, n, head, y);
}

static job job_of(const ck_attention *a, ck_sgemm *sgemm, const float *mask, const float *bias,
                  const ck_heads *h, float *logs, void *scratch, int *status) {
    return (job){.a = a, .sgemm = sgemm, .in = ck_inner(a->elem), .rows = ck_inner(ck_f32)->tokens,
                 .mask = mask, .bias = bias, .h = h, .logs = logs, .rooms = scratch, .status = status};
}

int ck_attention_forward(const ck_team *t, ck_sgemm *sgemm, const ck_attention *a, const float *mask,
                         const float *bias, const ck_heads h[4], float *logs, void *scratch) {
    int status = 0;
    job j = job_of(a, sgemm, mask, bias, h, logs, scratch, &status);
    j.room = up16(forward_room(a));
    ck_parallel(t, a->n * a->heads, forward_chunk, &j);
    return status;
}

// add_bias_grad adds the gradients of a tile's scores to those of the bias.
static void add_bias_grad(job *j, int64_t i, int64_t from, int64_t rows, const float *ds) {
    const ck_attention *a = j->a;
    float *to = j->dbias + (i % a->biases * a->lq + from) * a->lk;
    j->rows->add(rows * a->lk, ds, to);
}

typedef struct {
    float *q, *k, *v, *dy, *y, *dq, *dk, *dv, *p, *ds;
} room;

static room room_of(const job *j, int worker) {
    int64_t lq = j->a->lq * j->a->d, lk = j->a->lk * j->a->d;
    room r = {.q = j->rooms + worker * j->room};
    r.dy = r.q + lq;
    r.y = r.dy + lq;
    r.dq = r.y + lq;
    r.k = r.dq + lq;
    r.v = r.k + lk;
    r.dk = r.v + lk;
    r.dv = r.dk + lk;
    r.p = r.dv + lk;
    r.ds = r.p + tile_of(j->a) * j->a->lk;
    return r;
}

static void backward_tile(job *j, const room *r, int64_t n, int64_t head, int64_t from, int64_t rows) {
    const ck_attention *a = j->a;
    int64_t i0 = n * a->heads + head, d = a->d;
    float more = from > 0;
    scores(j, n, head, from, rows, r->q, r->k, r->p);
    for (int64_t i = 0; i < rows; i++)
        j->rows->weights(a->lk, j->logs[i0 * a->lq + from + i], r->p + i * a->lk);
    multiply(j, 'T', 'N', a->lk, d, rows, 1, r->p, r->dy + from * d, more, r->dv);
    multiply(j, 'N', 'T', rows, a->lk, d, 1, r->dy + from * d, r->v, 0, r->ds);
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = (from + i) * d;
        j->rows->score_grad(a->lk, r->p + i * a->lk, j->rows->dot(d, r->dy + at, r->y + at), r->ds + i * a->lk);
    }
    if (j->dbias) add_bias_grad(j, i0, from, rows, r->ds);
    multiply(j, 'N', 'N', rows, d, a->lk, a->scale, r->ds, r->k, 0, r->dq + from * d);
    multiply(j, 'T', 'N', a->lk, d, rows, a->scale, r->ds, r->q + from * d, more, r->dk);
}

static void backward_head(job *j, int64_t n, int64_t head, int worker) {
    const ck_attention *a = j->a;
    room r = room_of(j, worker);
    load(j, &j->h[0], a->lq, n, head, r.q);
    load(j, &j->h[1], a->lk, n, head, r.k);
    load(j, &j->h[2], a->lk, n, head, r.v);
    load(j, &j->h[3], a->lq, n, head, r.y);
    load(j, &j->h[4], a->lq, n, head, r.dy);
    int64_t tile = tile_of(a);
    for (int64_t from = 0; from < a->lq; from += tile)
        backward_tile(j, &r, n, head, from, a->lq - from < tile ? a->lq - from : tile);
    save(j, &j->h[5], a->lq, n, head, r.dq);
    save(j, &j->h[6], a->lk, n, head, r.dk);
    save(j, &j->h[7], a->lk, n, head, r.dv);
}

// A chunk is one head of one sample, or of all samples, in their order, where
// they share a bias whose gradient they add to.
static void backward_chunk(void *p, int64_t chunk, int worker) {
    job *j = p;
    const ck_attention *a = j->a;
    if (!a->biases || a->biases == a->n * a->heads) {
        backward_head(j, chunk / a->heads, chunk % a->heads, worker);
        return;
    }
    for (int64_t n = 0; n < a->n; n++) backward_head(j, n, chunk, worker);
}

int ck_attention_backward(const ck_team *t, ck_sgemm *sgemm, const ck_attention *a,
                          const float *mask, const float *bias, const ck_heads h[8],
                          const float *logs, float *dbias, void *scratch) {
    int status = 0;
    job j = job_of(a, sgemm, mask, bias, h, (float *)logs, scratch, &status);
    j.dbias = dbias;
    j.room = up16(backward_room(a));
    int64_t shared = a->biases && a->biases != a->n * a->heads;
    if (dbias) memset(dbias, 0, sizeof(float) * (size_t)(a->biases * a->lq * a->lk));
    ck_parallel(t, shared ? a->heads : a->n * a->heads, backward_chunk, &j);
    return status;
}
