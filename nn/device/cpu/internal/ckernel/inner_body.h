// The loops of inner.h. Include after defining INNER (the table's name),
// INNER_NAME and, for bfloat16, BF16, under the wanted target options.
#include "elem.h"
#include "inner.h"

#define FLAT _Pragma("GCC ivdep") // outputs may be inputs, element by element

static void elementwise(int kind, int64_t n, const void *pa, const void *pb, float f, void *py) {
    const elem *a = pa, *b = pb;
    elem *y = py;
    switch (kind) {
    case ck_add: FLAT for (int64_t i = 0; i < n; i++) y[i] = put(get(a[i]) + get(b[i])); break;
    case ck_sub: FLAT for (int64_t i = 0; i < n; i++) y[i] = put(get(a[i]) - get(b[i])); break;
    case ck_mul: FLAT for (int64_t i = 0; i < n; i++) y[i] = put(get(a[i]) * get(b[i])); break;
    // NaN stays NaN, so that a broken step shows.
    case ck_relu: FLAT for (int64_t i = 0; i < n; i++) y[i] = get(a[i]) < 0 ? put(0) : a[i]; break;
    case ck_relu_grad: FLAT for (int64_t i = 0; i < n; i++) y[i] = get(b[i]) > 0 ? a[i] : put(0); break;
    case ck_scale: FLAT for (int64_t i = 0; i < n; i++) y[i] = put(get(a[i]) * f); break;
    }
}

// Rows are added four periods at a time: a sum in memory is touched once for four.
static void sum_squares(int64_t n, int64_t period, const void *px, const float *shift, double *acc) {
    const elem *x = px;
    double *sum = acc, *square = acc + period;
    int64_t i = 0;
    for (; i + 4 * period <= n; i += 4 * period) {
        const elem *x0 = x + i, *x1 = x0 + period, *x2 = x1 + period, *x3 = x2 + period;
        FLAT for (int64_t j = 0; j < period; j++) {
            double a = (double)get(x0[j]) - shift[j], b = (double)get(x1[j]) - shift[j];
            double c = (double)get(x2[j]) - shift[j], d = (double)get(x3[j]) - shift[j];
            sum[j] += (a + b) + (c + d);
            square[j] += (a * a + b * b) + (c * c + d * d);
        }
    }
    for (; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) {
            double a = (double)get(x[i + j]) - shift[j];
            sum[j] += a;
            square[j] += a * a;
        }
    }
}

// gated is dy where the gate lets it through: above 0, and NaN, so that a
// broken step shows. Arithmetic on the bits, as GCC makes no vectors of a choice.
INLINE float gated(const elem *dy, int gating, const elem *gate, int64_t i) {
    float d = get(dy[i]), g = get(gate[i]);
    if (!gating) return d;
    uint32_t u, bits;
    memcpy(&u, &d, sizeof u);
    memcpy(&bits, &g, sizeof bits);
    uint32_t negative = (uint32_t)((int32_t)bits >> 31), some = (uint32_t)((int32_t)-bits >> 31);
    u &= some & ~negative;
    memcpy(&d, &u, sizeof d);
    return d;
}

INLINE void products(int64_t n, int64_t period, const elem *dy, int gating, const elem *gate,
                     const elem *x, const float *mean, double *acc) {
    double *sum = acc, *product = acc + period;
    int64_t i = 0;
    for (; i + 2 * period <= n; i += 2 * period) {
        FLAT for (int64_t j = 0; j < period; j++) {
            double a = gated(dy, gating, gate, i + j), b = gated(dy, gating, gate, i + period + j);
            sum[j] += a + b;
            product[j] += a * (double)(get(x[i + j]) - mean[j]) +
                          b * (double)(get(x[i + period + j]) - mean[j]);
        }
    }
    for (; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) {
            double a = gated(dy, gating, gate, i + j);
            sum[j] += a;
            product[j] += a * (double)(get(x[i + j]) - mean[j]);
        }
    }
}

static void sum_products(int64_t n, int64_t period, const void *dy, const void *gate, const void *x,
                         const float *mean, double *acc) {
    if (gate)
        products(n, period, dy, 1, gate, x, mean, acc);
    else
        products(n, period, dy, 0, dy, x, mean, acc);
}

static void sum(int64_t n, int64_t period, const void *px, double *acc) {
    const elem *x = px;
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) acc[j] += get(x[i + j]);
    }
}

// Constants for residual and relu make four loops of one.
INLINE void normalized(int64_t n, int64_t period, const elem *x, const float *mean,
                       const float *scale, const float *shift, const elem *residual, int relu,
                       elem *y) {
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) {
            float v = (get(x[i + j]) - mean[j]) * scale[j] + shift[j];
            if (residual) v += get(residual[i + j]);
            y[i + j] = put(relu && v < 0 ? 0 : v);
        }
    }
}

static void normalize(int64_t n, int64_t period, const void *x, const float *mean,
                      const float *scale, const float *shift, const void *residual, int relu,
                      void *y) {
    if (residual && relu)
        normalized(n, period, x, mean, scale, shift, residual, 1, y);
    else if (residual)
        normalized(n, period, x, mean, scale, shift, residual, 0, y);
    else if (relu)
        normalized(n, period, x, mean, scale, shift, NULL, 1, y);
    else
        normalized(n, period, x, mean, scale, shift, NULL, 0, y);
}

INLINE void gradients(int64_t n, int64_t period, const elem *dy, int gating, const elem *gate,
                      const elem *x, const float *mean, const float *scale, const float *slope,
                      const float *shift, elem *dx) {
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++)
            dx[i + j] = put(gated(dy, gating, gate, i + j) * scale[j] + (get(x[i + j]) - mean[j]) * slope[j] + shift[j]);
    }
}

static void normalize_grad(int64_t n, int64_t period, const void *dy, const void *gate,
                           const void *x, const float *mean, const float *scale,
                           const float *slope, const float *shift, void *dx) {
    if (gate)
        gradients(n, period, dy, 1, gate, x, mean, scale, slope, shift, dx);
    else
        gradients(n, period, dy, 0, dy, x, mean, scale, slope, shift, dx);
}

static void add_row(int64_t n, int64_t period, const void *px, const float *b, void *py) {
    const elem *x = px;
    elem *y = py;
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) y[i + j] = put(get(x[i + j]) + b[j]);
    }
}

static void spread(int64_t places, int64_t channels, const float *dy, float factor, void *pdx) {
    elem *dx = pdx;
    for (int64_t k = 0; k < channels; k++) dx[k] = put(dy[k] * factor);
    // What is there is copied behind itself, so that copies are long.
    for (int64_t done = 1, n; done < places; done += n) {
        n = done < places - done ? done : places - done;
        if (n * channels > 4096) n = (4096 + channels - 1) / channels;
        memcpy(dx + done * channels, dx, sizeof(elem) * (size_t)(n * channels));
    }
}

enum { tile = 6 }; // places summed in registers at a time

// Sums of n places of lanes channels.
INLINE void weigh_tile(int64_t first, int64_t n, int64_t c, const ck_tap *taps, int64_t count,
                       int64_t step, elem *y, int64_t out_step) {
    floats acc[tile] = {{0}};
    for (int64_t k = 0; k < count; k++) {
        const ck_tap *t = taps + k;
        const elem *x = (const elem *)t->input + t->start + c;
        floats w;
        memcpy(&w, t->weight + c, sizeof w);
        if (n == tile && t->from <= first && first + tile <= t->to) {
            for (int i = 0; i < tile; i++) acc[i] += w * load(x + (first + i) * step);
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            if (first + i >= t->from && first + i < t->to) acc[i] += w * load(x + (first + i) * step);
    }
    for (int64_t i = 0; i < n; i++) store(y + (first + i) * out_step + c, acc[i]);
}

static void weigh(int64_t n, int64_t channels, const ck_tap *taps, int64_t count, int64_t step,
                  void *py, int64_t start, int64_t out_step) {
    elem *y = (elem *)py + start;
    for (int64_t c = 0; c < channels && channels >= lanes; c += lanes) {
        if (c + lanes > channels) c = channels - lanes; // the last ones again
        for (int64_t i = 0; i < n; i += tile)
            weigh_tile(i, n - i < tile ? n - i : tile, c, taps, count, step, y, out_step);
    }
    for (int64_t c = 0; c < channels && channels < lanes; c++)
        for (int64_t i = 0; i < n; i++) {
            float sum = 0;
            for (const ck_tap *t = taps; t < taps + count; t++)
                if (i >= t->from && i < t->to)
                    sum += t->weight[c] * get(((const elem *)t->input)[t->start + c + i * step]);
            y[i * out_step + c] = put(sum);
        }
}

// One tap's sums over the places in [from, to), with two chains of additions.
INLINE floats correlated(const elem *dy, const elem *x, int64_t channels, int64_t step, int64_t from,
                         int64_t to) {
    floats a = {0}, b = {0};
    int64_t i = from;
    for (; i + 2 <= to; i += 2) {
        a += load(dy + i * channels) * load(x + i * step);
        b += load(dy + (i + 1) * channels) * load(x + (i + 1) * step);
    }
    if (i < to) a += load(dy + i * channels) * load(x + i * step);
    return a + b;
}

static void correlate(int64_t channels, const void *pdy, int64_t start, const ck_tap *taps,
                      int64_t count, int64_t step, float *sums) {
    const elem *dy = (const elem *)pdy + start;
    for (const ck_tap *t = taps; t < taps + count; t++, sums += channels) {
        const elem *x = (const elem *)t->input + t->start;
        int64_t c = 0;
        for (; c + lanes <= channels; c += lanes) {
            floats sum, more = correlated(dy + c, x + c, channels, step, t->from, t->to);
            memcpy(&sum, sums + c, sizeof sum);
            sum += more;
            memcpy(sums + c, &sum, sizeof sum);
        }
        if (c == channels) continue;
        if (channels >= lanes) { // a vector that ends with the last channel
            int64_t last = channels - lanes;
            floats more = correlated(dy + last, x + last, channels, step, t->from, t->to);
            for (; c < channels; c++) sums[c] += more[c - last];
        }
        for (; c < channels; c++)
            for (int64_t i = t->from; i < t->to; i++)
                sums[c] += get(dy[i * channels + c]) * get(x[i * step + c]);
    }
}

static void from_float(int64_t n, const float *x, void *py) {
    elem *y = py;
    for (int64_t i = 0; i < n; i++) y[i] = put(x[i]);
}

static void to_float(int64_t n, const void *px, float *y) {
    const elem *x = px;
    for (int64_t i = 0; i < n; i++) y[i] = get(x[i]);
}

typedef struct {
    int64_t from, to; // places of the input, half open
} range;

INLINE range window(const ck_pool *p, int axis, int64_t o) {
    int64_t a = o * p->stride[axis] - p->pad[axis], b = a + p->kernel[axis];
    return (range){a < 0 ? 0 : a, b > p->in[axis] ? p->in[axis] : b};
}

INLINE ints load_ints(const int32_t *p) {
    ints v;
    memcpy(&v, p, sizeof v);
    return v;
}

// either is a where mask is set (all ones), else b.
INLINE ints either(ints mask, ints a, ints b) { return (mask & a) | (~mask & b); }

// The largest of one window; the first one wins ties, NaN wins over all.
INLINE void pool_vector(const ck_pool *p, range d, range h, range v, const elem *x, elem *y,
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
    store(y, best);
    memcpy(index, &at, sizeof at);
}

// The same for one channel.
INLINE void pool_scalar(const ck_pool *p, range d, range h, range v, const elem *x, elem *y,
                        int32_t *index) {
    int64_t C = p->channels, at = (d.from * p->in[1] + h.from) * p->in[2] + v.from;
    float best = get(x[at * C]);
    for (int64_t i = d.from; i < d.to; i++)
        for (int64_t k = h.from; k < h.to; k++)
            for (int64_t l = v.from; l < v.to; l++) {
                int64_t place = (i * p->in[1] + k) * p->in[2] + l;
                float q = get(x[place * C]);
                if (q > best || q != q) best = q, at = place;
            }
    *y = put(best);
    *index = (int32_t)at;
}

static void max_pool(const ck_pool *p, int64_t sample, int64_t depth, const void *px, void *py,
                     int32_t *index) {
    const elem *x = px;
    elem *y = py;
    int64_t C = p->channels, in = p->in[0] * p->in[1] * p->in[2], out = p->out[1] * p->out[2];
    int64_t to = (sample * p->out[0] + depth) * out * C;
    const elem *from = x + sample * in * C;
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

// reaching are the windows of an axis that hold input i.
INLINE range reaching(const ck_pool *p, int axis, int64_t i) {
    int64_t last = (i + p->pad[axis]) / p->stride[axis] + 1;
    int64_t before = i + p->pad[axis] - p->kernel[axis]; // window o ends there at most, if it misses i
    int64_t from = before < 0 ? 0 : before / p->stride[axis] + 1;
    return (range){from, last > p->out[axis] ? p->out[axis] : last};
}

// One depth of the input gathers from every window that holds it: the sums of
// the gradients whose maximum lies at each place, in registers.
static void max_pool_grad(const ck_pool *p, int64_t sample, int64_t depth, const void *pdy,
                          const int32_t *index, void *pdx) {
    const elem *dy = pdy;
    int64_t C = p->channels, plane = p->in[1] * p->in[2], out = p->out[0] * p->out[1] * p->out[2];
    elem *dx = (elem *)pdx + (sample * p->in[0] + depth) * plane * C;
    range d = reaching(p, 0, depth);
    for (int64_t place = 0; place < plane; place++, dx += C) {
        range h = reaching(p, 1, place / p->in[2]), v = reaching(p, 2, place % p->in[2]);
        int32_t here = (int32_t)(depth * plane + place);
        int64_t c = 0;
        for (; c + lanes <= C; c += lanes) {
            floats sum = {0};
            for (int64_t i = d.from; i < d.to; i++)
                for (int64_t k = h.from; k < h.to; k++)
                    for (int64_t l = v.from; l < v.to; l++) {
                        int64_t at = (sample * out + (i * p->out[1] + k) * p->out[2] + l) * C + c;
                        ints hit = load_ints(index + at) == (ints){0} + here;
                        sum += (floats)(hit & (ints)load(dy + at));
                    }
            store(dx + c, sum);
        }
        for (; c < C; c++) {
            float sum = 0;
            for (int64_t i = d.from; i < d.to; i++)
                for (int64_t k = h.from; k < h.to; k++)
                    for (int64_t l = v.from; l < v.to; l++) {
                        int64_t at = (sample * out + (i * p->out[1] + k) * p->out[2] + l) * C + c;
                        if (index[at] == here) sum += get(dy[at]);
                    }
            dx[c] = put(sum);
        }
    }
}

#include "functions_body.h"
#include "inner_avgpool.h"
#include "tokens_body.h"

const inner INNER = {
    .name = INNER_NAME,
    .size = sizeof(elem),
    .elementwise = elementwise,
    .sum_squares = sum_squares,
    .sum_products = sum_products,
    .sum = sum,
    .normalize = normalize,
    .normalize_grad = normalize_grad,
    .add_row = add_row,
    .spread = spread,
    .max_pool = max_pool,
    .max_pool_grad = max_pool_grad,
    .avg_pool = avg_pool,
    .avg_pool_grad = avg_pool_grad,
    .weigh = weigh,
    .correlate = correlate,
    .from_float = from_float,
    .to_float = to_float,
    .tokens = &token_loops,
    .functions = &function_loops,
};
