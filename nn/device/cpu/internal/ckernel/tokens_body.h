// The loops of tokens.h; inner_body.h includes it.
#include "tokens.h"
#include "vector_math.h"

#include <math.h>

// total adds the lanes in pairs.
INLINE float total(floats v) {
    float s[lanes];
    memcpy(s, &v, sizeof s);
    for (int step = lanes / 2; step > 0; step /= 2)
        for (int i = 0; i < step; i++) s[i] += s[i + step];
    return s[0];
}

INLINE floats load_floats(const float *p) {
    floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store_floats(float *p, floats v) { memcpy(p, &v, sizeof v); }

INLINE floats part_floats(int64_t n, const float *p, float rest) {
    float v[lanes];
    for (int i = 0; i < lanes; i++) v[i] = rest;
    memcpy(v, p, sizeof(float) * (size_t)n);
    return load_floats(v);
}

INLINE floats floats_at(int64_t left, const float *p) {
    return left >= lanes ? load_floats(p) : part_floats(left, p, 0);
}
INLINE floats elems_at(int64_t left, const elem *p) { return left >= lanes ? load(p) : part(left, p); }
INLINE void put_at(int64_t left, elem *p, floats v) {
    if (left >= lanes)
        store(p, v);
    else
        store_part(left, p, v);
}
INLINE void put_floats_at(int64_t left, float *p, floats v) {
    if (left >= lanes)
        store_floats(p, v);
    else
        memcpy(p, &v, sizeof(float) * (size_t)left);
}

// within is v in the first `left` lanes and 0 behind.
INLINE floats within(int64_t left, floats v) {
    static const int32_t count[lanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    ints i;
    memcpy(&i, count, sizeof i);
    return left >= lanes ? v : (floats)((ints)v & (i < (ints){0} + (int32_t)left));
}

// Statistics are taken about the row's first element, so that a large mean
// does not swallow a small variance.
static void layer_norm(int64_t rows, int64_t d, double eps, const void *px, const float *gamma,
                       const float *beta, void *py, float *mean, float *inv) {
    const elem *x = px;
    elem *y = py;
    for (int64_t r = 0; r < rows; r++, x += d, y += d) {
        floats sum = {0}, square = {0};
        float shift = get(x[0]);
        for (int64_t i = 0; i < d; i += lanes) sum += within(d - i, elems_at(d - i, x + i) - shift);
        float m = shift + total(sum) / (float)d;
        for (int64_t i = 0; i < d; i += lanes) {
            floats e = within(d - i, elems_at(d - i, x + i) - m);
            square += e * e;
        }
        float s = (float)(1 / sqrt((double)total(square) / (double)d + eps));
        mean[r] = m;
        inv[r] = s;
        for (int64_t i = 0; i < d; i += lanes) {
            floats v = (elems_at(d - i, x + i) - m) * s;
            put_at(d - i, y + i, v * floats_at(d - i, gamma + i) + floats_at(d - i, beta + i));
        }
    }
}

static void layer_norm_grad(int64_t rows, int64_t d, const void *pdy, const void *px,
                            const float *gamma, const float *mean, const float *inv, void *pdx,
                            float *sums) {
    const elem *dy = pdy, *x = px;
    elem *dx = pdx;
    for (int64_t r = 0; r < rows; r++, dy += d, x += d, dx += d) {
        float m = mean[r], s = inv[r];
        floats sum = {0}, along = {0};
        for (int64_t i = 0; i < d; i += lanes) {
            int64_t left = d - i;
            floats g = elems_at(left, dy + i), hat = within(left, (elems_at(left, x + i) - m) * s);
            put_floats_at(left, sums + i, floats_at(left, sums + i) + g * hat);
            put_floats_at(left, sums + d + i, floats_at(left, sums + d + i) + g);
            g *= floats_at(left, gamma + i);
            sum += g;
            along += g * hat;
        }
        float a = total(sum) / (float)d, b = total(along) / (float)d;
        for (int64_t i = 0; i < d; i += lanes) {
            int64_t left = d - i;
            floats g = elems_at(left, dy + i) * floats_at(left, gamma + i);
            floats hat = (elems_at(left, x + i) - m) * s;
            put_at(left, dx + i, (g - a - hat * b) * s);
        }
    }
}

static void score(int64_t n, float scale, const float *bias, const float *mask, int64_t limit,
                  float *s) {
    int64_t seen = limit < n ? limit : n;
    for (int64_t i = 0; i < seen; i += lanes) {
        floats v = floats_at(seen - i, s + i) * scale;
        if (bias) v += floats_at(seen - i, bias + i);
        put_floats_at(seen - i, s + i, v);
    }
    if (mask)
        for (int64_t i = 0; i < seen; i++)
            if (mask[i] == 0) s[i] = -INFINITY;
    for (int64_t i = seen; i < n; i++) s[i] = -INFINITY;
}

static float softmax(int64_t n, float *s) {
    floats top = (floats){0} - INFINITY, sum = {0};
    for (int64_t i = 0; i < n; i += lanes) {
        floats v = n - i >= lanes ? load_floats(s + i) : part_floats(n - i, s + i, -INFINITY);
        // NaN wins, so that a broken step shows.
        top = (floats)either((ints)(v > top) | (ints)(v != v), (ints)v, (ints)top);
    }
    float m = top[0];
    for (int i = 1; i < lanes; i++)
        if (top[i] > m || top[i] != top[i]) m = top[i];
    if (m == -INFINITY) {
        memset(s, 0, sizeof(float) * (size_t)n);
        return INFINITY;
    }
    for (int64_t i = 0; i < n; i += lanes) {
        floats e = within(n - i, vexp_below(floats_at(n - i, s + i) - m));
        put_floats_at(n - i, s + i, e);
        sum += e;
    }
    float all = total(sum), inverse = 1 / all;
    for (int64_t i = 0; i < n; i += lanes) put_floats_at(n - i, s + i, floats_at(n - i, s + i) * inverse);
    return m + logf(all);
}

static void weights(int64_t n, float log, float *s) {
    for (int64_t i = 0; i < n; i += lanes)
        put_floats_at(n - i, s + i, vexp_below(floats_at(n - i, s + i) - log));
}

static void score_grad(int64_t n, const float *p, float along, float *ds) {
    for (int64_t i = 0; i < n; i += lanes)
        put_floats_at(n - i, ds + i, floats_at(n - i, p + i) * (floats_at(n - i, ds + i) - along));
}

static void add(int64_t n, const float *x, float *y) {
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

static float dot(int64_t n, const float *a, const float *b) {
    floats sum = {0};
    for (int64_t i = 0; i < n; i += lanes) sum += floats_at(n - i, a + i) * floats_at(n - i, b + i);
    return total(sum);
}

static const tokens token_loops = {
    layer_norm, layer_norm_grad, score, softmax, weights, score_grad, add, dot,
};
