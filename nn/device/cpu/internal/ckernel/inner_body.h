// The loops of inner.h. Include after defining INNER (the table's name) and
// INNER_NAME, under the wanted target options.
#include "inner.h"

#include <string.h>

#define FLAT _Pragma("GCC ivdep") // outputs may be inputs, element by element

static void elementwise(int kind, int64_t n, const float *a, const float *b, float f, float *y) {
    switch (kind) {
    case ck_add: FLAT for (int64_t i = 0; i < n; i++) y[i] = a[i] + b[i]; break;
    case ck_sub: FLAT for (int64_t i = 0; i < n; i++) y[i] = a[i] - b[i]; break;
    case ck_mul: FLAT for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i]; break;
    // NaN stays NaN, so that a broken step shows.
    case ck_relu: FLAT for (int64_t i = 0; i < n; i++) y[i] = a[i] < 0 ? 0 : a[i]; break;
    case ck_relu_grad: FLAT for (int64_t i = 0; i < n; i++) y[i] = b[i] > 0 ? a[i] : 0; break;
    case ck_scale: FLAT for (int64_t i = 0; i < n; i++) y[i] = a[i] * f; break;
    }
}

// Rows are added four periods at a time: a sum in memory is touched once for four.
static void sum_squares(int64_t n, int64_t period, const float *x, const float *shift, double *acc) {
    double *sum = acc, *square = acc + period;
    int64_t i = 0;
    for (; i + 4 * period <= n; i += 4 * period) {
        const float *x0 = x + i, *x1 = x0 + period, *x2 = x1 + period, *x3 = x2 + period;
        FLAT for (int64_t j = 0; j < period; j++) {
            double a = (double)x0[j] - shift[j], b = (double)x1[j] - shift[j];
            double c = (double)x2[j] - shift[j], d = (double)x3[j] - shift[j];
            sum[j] += (a + b) + (c + d);
            square[j] += (a * a + b * b) + (c * c + d * d);
        }
    }
    for (; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) {
            double a = (double)x[i + j] - shift[j];
            sum[j] += a;
            square[j] += a * a;
        }
    }
}

static void sum_products(int64_t n, int64_t period, const float *dy, const float *x,
                         const float *mean, double *acc) {
    double *sum = acc, *product = acc + period;
    int64_t i = 0;
    for (; i + 2 * period <= n; i += 2 * period) {
        const float *d0 = dy + i, *d1 = d0 + period, *x0 = x + i, *x1 = x0 + period;
        FLAT for (int64_t j = 0; j < period; j++) {
            double a = d0[j], b = d1[j];
            sum[j] += a + b;
            product[j] += a * (double)(x0[j] - mean[j]) + b * (double)(x1[j] - mean[j]);
        }
    }
    for (; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) {
            double a = dy[i + j];
            sum[j] += a;
            product[j] += a * (double)(x[i + j] - mean[j]);
        }
    }
}

static void sum(int64_t n, int64_t period, const float *x, double *acc) {
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) acc[j] += x[i + j];
    }
}

static void normalize(int64_t n, int64_t period, const float *x, const float *mean,
                      const float *scale, const float *shift, float *y) {
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) y[i + j] = (x[i + j] - mean[j]) * scale[j] + shift[j];
    }
}

static void normalize_grad(int64_t n, int64_t period, const float *dy, const float *x,
                           const float *mean, const float *scale, const float *slope,
                           const float *shift, float *dx) {
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++)
            dx[i + j] = dy[i + j] * scale[j] + (x[i + j] - mean[j]) * slope[j] + shift[j];
    }
}

static void add_row(int64_t n, int64_t period, const float *x, const float *b, float *y) {
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) y[i + j] = x[i + j] + b[j];
    }
}

#define INLINE static inline __attribute__((always_inline))

typedef struct {
    int64_t from, to; // places of the input, half open
} range;

INLINE range window(const ck_pool *p, int axis, int64_t o) {
    int64_t a = o * p->stride[axis] - p->pad[axis], b = a + p->kernel[axis];
    return (range){a < 0 ? 0 : a, b > p->in[axis] ? p->in[axis] : b};
}

// Vectors of lanes channels, as loops over arrays are not made into them here.
enum { lanes = 16 };
typedef float floats __attribute__((vector_size(4 * lanes)));
typedef int32_t ints __attribute__((vector_size(4 * lanes)));

INLINE floats load(const float *p) {
    floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE ints load_ints(const int32_t *p) {
    ints v;
    memcpy(&v, p, sizeof v);
    return v;
}

// either is a where mask is set (all ones), else b.
INLINE ints either(ints mask, ints a, ints b) { return (mask & a) | (~mask & b); }

// The largest of one window; the first one wins ties, NaN wins over all.
INLINE void pool_vector(const ck_pool *p, range d, range h, range v, const float *x, float *y,
                        int32_t *index) {
    int64_t C = p->channels, first = (d.from * p->in[1] + h.from) * p->in[2] + v.from;
    floats best = load(x + first * C);
    ints at = (ints){0} + (int32_t)first;
    for (int64_t i = d.from; i < d.to; i++)
        for (int64_t k = h.from; k < h.to; k++)
            for (int64_t l = v.from; l < v.to; l++) {
                int64_t place = (i * p->in[1] + k) * p->in[2] + l;
                floats q = load(x + place * C);
                ints more = (ints)(q > best) | (ints)(q != q);
                at = either(more, (ints){0} + (int32_t)place, at);
                best = (floats)either(more, (ints)q, (ints)best);
            }
    memcpy(y, &best, sizeof best);
    memcpy(index, &at, sizeof at);
}

// The same for one channel.
INLINE void pool_scalar(const ck_pool *p, range d, range h, range v, const float *x, float *y,
                        int32_t *index) {
    int64_t C = p->channels, at = (d.from * p->in[1] + h.from) * p->in[2] + v.from;
    float best = x[at * C];
    for (int64_t i = d.from; i < d.to; i++)
        for (int64_t k = h.from; k < h.to; k++)
            for (int64_t l = v.from; l < v.to; l++) {
                int64_t place = (i * p->in[1] + k) * p->in[2] + l;
                float q = x[place * C];
                if (q > best || q != q) best = q, at = place;
            }
    *y = best;
    *index = (int32_t)at;
}

static void max_pool(const ck_pool *p, int64_t sample, int64_t depth, const float *x, float *y,
                     int32_t *index) {
    int64_t C = p->channels, in = p->in[0] * p->in[1] * p->in[2], out = p->out[1] * p->out[2];
    int64_t to = (sample * p->out[0] + depth) * out * C;
    const float *from = x + sample * in * C;
    range d = window(p, 0, depth);
    for (int64_t k = 0; k < p->out[1]; k++)
        for (int64_t l = 0; l < p->out[2]; l++, to += C) {
            range h = window(p, 1, k), v = window(p, 2, l);
            int64_t c = 0;
            for (; c + lanes <= C; c += lanes)
                pool_vector(p, d, h, v, from + c, y + to + c, index + to + c);
            for (; c < C; c++) pool_scalar(p, d, h, v, from + c, y + to + c, index + to + c);
        }
}

// spread adds dy to dx in the channels whose maximum lies at this place.
INLINE void spread(int64_t n, int32_t place, const float *dy, const int32_t *index, float *dx) {
    int64_t c = 0;
    for (; c + lanes <= n; c += lanes) {
        ints here = load_ints(index + c) == (ints){0} + place;
        floats sum = load(dx + c) + (floats)(here & (ints)load(dy + c));
        memcpy(dx + c, &sum, sizeof sum);
    }
    for (; c < n; c++) dx[c] += index[c] == place ? dy[c] : 0;
}

// One depth of the input gathers from every window that holds it.
static void max_pool_grad(const ck_pool *p, int64_t sample, int64_t depth, const float *dy,
                          const int32_t *index, float *dx) {
    int64_t C = p->channels, plane = p->in[1] * p->in[2], out = p->out[1] * p->out[2];
    float *to = dx + (sample * p->in[0] + depth) * plane * C;
    memset(to, 0, sizeof(float) * (size_t)(plane * C));
    for (int64_t o = 0; o < p->out[0]; o++) {
        range d = window(p, 0, o);
        if (depth < d.from || depth >= d.to) continue;
        int64_t from = (sample * p->out[0] + o) * out * C;
        for (int64_t k = 0; k < p->out[1]; k++)
            for (int64_t l = 0; l < p->out[2]; l++, from += C) {
                range h = window(p, 1, k), v = window(p, 2, l);
                for (int64_t a = h.from; a < h.to; a++)
                    for (int64_t b = v.from; b < v.to; b++) {
                        int64_t place = a * p->in[2] + b;
                        spread(C, (int32_t)(depth * plane + place), dy + from, index + from,
                               to + place * C);
                    }
            }
    }
}

const inner INNER = {
    INNER_NAME, elementwise,    sum_squares, sum_products, sum,
    normalize,  normalize_grad, add_row,     max_pool,     max_pool_grad,
};
