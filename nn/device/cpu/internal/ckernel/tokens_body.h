// The loops of tokens.h; inner_body.h includes it.
#include "tokens.h"

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

// part loads the last n < lanes elements, zeros behind them.
INLINE floats part(int64_t n, const elem *p) {
    elem v[lanes] = {0};
    memcpy(v, p, sizeof(elem) * (size_t)n);
    return load(v);
}

INLINE floats part_floats(int64_t n, const float *p, float rest) {
    float v[lanes];
    for (int i = 0; i < lanes; i++) v[i] = rest;
    memcpy(v, p, sizeof(float) * (size_t)n);
    return load_floats(v);
}

INLINE void store_part(int64_t n, elem *p, floats v) {
    elem w[lanes];
    store(w, v);
    memcpy(p, w, sizeof(elem) * (size_t)n);
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

// exponential is e^x to about 1e-7 of itself: 2^n times a polynomial (Cephes)
// of what is left after taking n·ln 2 off. It is 0 below the least normal
// number and infinite above the largest; NaN stays.
INLINE floats exponential(floats x) {
    const floats zero = {0};
    ints low = x < zero - 87.3f, high = x > zero + 88.7f;
    floats n = x * 1.44269504f;
    floats magic = zero + 12582912.f; // 1.5·2^23 rounds to a whole number
    floats shifted = n + magic;
    floats whole = shifted - magic;
    floats r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    floats p = zero + 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    // n may be 128: the scale is applied in two steps.
    ints k = (ints)shifted - (ints)magic, half = k >> 1;
    floats a = (floats)((half + 127) << 23), b = (floats)((k - half + 127) << 23);
    floats y = p * a * b;
    floats infinite = zero + INFINITY;
    y = (floats)either(low, (ints)zero, (ints)y);
    return (floats)either(high, (ints)infinite, (ints)y);
}

// normal is Φ(x), to 1.5e-7 (Abramowitz and Stegun 7.1.26), and phi its derivative.
INLINE floats normal(floats x, floats *phi) {
    floats z = (floats)((ints)x & 0x7fffffff) * 0.70710678f;
    floats e = exponential(-z * z), t = 1 / (1 + 0.3275911f * z);
    floats p = (((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f;
    floats tail = 0.5f * p * t * e;
    *phi = e * 0.39894228f;
    return (floats)either(x < (floats){0}, (ints)tail, (ints)(1 - tail));
}

// Φ and its relatives: what x is multiplied by, and the derivative of that.
INLINE floats gate(int kind, floats x, floats *slope) {
    if (kind == ck_gelu_erf) return normal(x, slope);
    floats u, du;
    if (kind == ck_gelu_tanh) { // (1+tanh(u))/2 = 1/(1+e^-2u)
        u = 1.59576912f * (x + 0.044715f * x * x * x);
        du = 1.59576912f * (1 + 0.134145f * x * x);
    } else {
        u = 1.702f * x;
        du = (floats){0} + 1.702f;
    }
    floats s = 1 / (1 + exponential(-u));
    *slope = s * (1 - s) * du;
    return s;
}

INLINE void gelus(int kind, int64_t n, const elem *x, elem *y) {
    for (int64_t i = 0; i < n; i += lanes) {
        floats v = elems_at(n - i, x + i), slope;
        put_at(n - i, y + i, v * gate(kind, v, &slope));
    }
}

static void gelu(int kind, int64_t n, const void *x, void *y) {
    switch (kind) {
    case ck_gelu_erf: gelus(ck_gelu_erf, n, x, y); break;
    case ck_gelu_tanh: gelus(ck_gelu_tanh, n, x, y); break;
    default: gelus(ck_gelu_quick, n, x, y);
    }
}

INLINE void gelu_grads(int kind, int64_t n, const elem *dy, const elem *x, elem *dx) {
    for (int64_t i = 0; i < n; i += lanes) {
        floats v = elems_at(n - i, x + i), slope, g = gate(kind, v, &slope);
        put_at(n - i, dx + i, elems_at(n - i, dy + i) * (g + v * slope));
    }
}

static void gelu_grad(int kind, int64_t n, const void *dy, const void *x, void *dx) {
    switch (kind) {
    case ck_gelu_erf: gelu_grads(ck_gelu_erf, n, dy, x, dx); break;
    case ck_gelu_tanh: gelu_grads(ck_gelu_tanh, n, dy, x, dx); break;
    default: gelu_grads(ck_gelu_quick, n, dy, x, dx);
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
        floats e = within(n - i, exponential(floats_at(n - i, s + i) - m));
        put_floats_at(n - i, s + i, e);
        sum += e;
    }
    float all = total(sum), inverse = 1 / all;
    for (int64_t i = 0; i < n; i += lanes) put_floats_at(n - i, s + i, floats_at(n - i, s + i) * inverse);
    return m + logf(all);
}

static void weights(int64_t n, float log, float *s) {
    for (int64_t i = 0; i < n; i += lanes)
        put_floats_at(n - i, s + i, exponential(floats_at(n - i, s + i) - log));
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
    layer_norm, layer_norm_grad, gelu, gelu_grad, score, softmax, weights, score_grad, add, dot,
};
