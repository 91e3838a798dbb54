// The loops of functions.h; inner_body.h includes it.
#include "functions.h"
#include "vector_math.h"

#include <math.h>

INLINE floats gelu_inner(floats x) { // sqrt(2/pi)(x + 0.044715x^3)
    return 0.797884561f * (x + 0.044715f * x * x * x);
}

// swish and its slope, of x sigmoid(b x).
INLINE floats swish(floats x, float b) { return x * vsigmoid(b * x); }
INLINE floats swish_slope(floats x, float b) {
    floats s = vsigmoid(b * x);
    return s + b * x * s * (1 - s);
}

// (1+tanh(u))/2 is sigmoid(2u), which keeps the tail.
INLINE floats gelu_tanh(floats x) { return x * vsigmoid(2 * gelu_inner(x)); }
INLINE floats gelu_tanh_slope(floats x) {
    floats s = vsigmoid(2 * gelu_inner(x));
    return s + x * s * (1 - s) * 1.59576912f * (1 + 0.134145f * x * x);
}

// NaN stays NaN in all of them.
INLINE floats apply(int f, float param, floats x) {
    switch (f) {
    case ck_fn_gelu: return x * vnormal(x).phi;
    case ck_fn_gelu_tanh: return gelu_tanh(x);
    case ck_fn_gelu_quick: return swish(x, 1.702f);
    case ck_fn_silu: return swish(x, 1);
    case ck_fn_sigmoid: return vsigmoid(x);
    case ck_fn_tanh: return vtanh(x);
    case ck_fn_softplus: return pick(x < 0, (floats){0}, x) + vlog1p(vexp_below(-magnitude(x)));
    case ck_fn_exp: return vexp(x);
    case ck_fn_square: return x * x;
    case ck_fn_abs: return magnitude(x);
    case ck_fn_at_least: return pick(x < param, (floats){0} + param, x);
    }
    return x;
}

// The derivative at v: the value of sigmoid, tanh, exp and at_least, the
// argument of the others.
INLINE floats slope(int f, float param, floats v) {
    floats zero = {0};
    switch (f) {
    case ck_fn_gelu: {
        bell_curve n = vnormal(v);
        return n.phi + 0.398942280f * v * n.bell;
    }
    case ck_fn_gelu_tanh: return gelu_tanh_slope(v);
    case ck_fn_gelu_quick: return swish_slope(v, 1.702f);
    case ck_fn_silu: return swish_slope(v, 1);
    case ck_fn_sigmoid: return v * (1 - v);
    case ck_fn_tanh: return (1 - v) * (1 + v); // exact near 1
    case ck_fn_softplus: return vsigmoid(v);
    case ck_fn_exp: return v;
    case ck_fn_square: return 2 * v;
    case ck_fn_abs: return pick(v == 0, zero, with_sign_of(zero + 1, v));
    case ck_fn_at_least: return pick(v > param, zero + 1, zero);
    }
    return v;
}

#define FUNCTION(f)                                                                                \
    case f:                                                                                        \
        for (; i + lanes <= n; i += lanes) store(y + i, apply(f, param, load(x + i)));             \
        if (i < n) store_part(n - i, y + i, apply(f, param, part(n - i, x + i)));                  \
        break;

#define FUNCTION_GRAD(f)                                                                           \
    case f:                                                                                        \
        for (; i + lanes <= n; i += lanes)                                                         \
            store(dx + i, load(dy + i) * slope(f, param, load(at + i)));                           \
        if (i < n) store_part(n - i, dx + i, part(n - i, dy + i) * slope(f, param, part(n - i, at + i))); \
        break;

#define EACH_FUNCTION(do)                                                                          \
    do(ck_fn_gelu) do(ck_fn_gelu_tanh) do(ck_fn_gelu_quick) do(ck_fn_silu) do(ck_fn_sigmoid) do(ck_fn_tanh)          \
    do(ck_fn_softplus) do(ck_fn_exp) do(ck_fn_square) do(ck_fn_abs) do(ck_fn_at_least)

static void function_loop(int f, float param, int64_t n, const void *px, void *py) {
    const elem *x = px;
    elem *y = py;
    int64_t i = 0;
    switch (f) { EACH_FUNCTION(FUNCTION) }
}

static void function_grad_loop(int f, float param, int64_t n, const void *pdy, const void *pat, void *pdx) {
    const elem *dy = pdy, *at = pat;
    elem *dx = pdx;
    int64_t i = 0;
    switch (f) { EACH_FUNCTION(FUNCTION_GRAD) }
}

typedef double doubles __attribute__((vector_size(8 * lanes)));

INLINE doubles widen(floats v) { return __builtin_convertvector(v, doubles); }

INLINE double added(doubles v) {
    double s = 0;
    for (int i = 0; i < lanes; i++) s += v[i];
    return s;
}

// The largest of n elements; NaN wins.
INLINE float largest(int64_t n, const elem *x) {
    floats top = (floats){0} - INFINITY;
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        floats v = load(x + i);
        top = pick((ints)(v > top) | (ints)(v != v), v, top);
    }
    float best = -INFINITY;
    for (int k = 0; k < lanes; k++)
        if (top[k] > best || top[k] != top[k]) best = top[k];
    for (; i < n; i++)
        if (get(x[i]) > best || get(x[i]) != get(x[i])) best = get(x[i]);
    return best;
}

// exponentials writes e^(x-top) unless y is NULL and returns their sum.
INLINE double exponentials(int64_t n, const elem *x, float top, elem *y) {
    doubles sum = {0};
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        floats e = vexp_below(load(x + i) - top);
        sum += widen(e);
        if (y) store(y + i, e);
    }
    double all = added(sum);
    if (i < n) {
        floats e = vexp_below(part(n - i, x + i) - top);
        for (int64_t k = 0; k < n - i; k++) all += e[k];
        if (y) store_part(n - i, y + i, e);
    }
    return all;
}

static float log_sum_exp_line(int64_t n, const void *x) {
    float top = largest(n, x);
    if (top - top != 0) return top; // infinite or NaN
    return (float)(top + log(exponentials(n, x, top, NULL)));
}

static float largest_line(int64_t n, const void *x) { return largest(n, x); }

// y = a x + b
INLINE void scaled(int64_t n, const elem *x, float a, float b, elem *y) {
    FLAT for (int64_t i = 0; i < n; i++) y[i] = put(get(x[i]) * a + b);
}

static void softmax_line(int is_log, int64_t n, const void *x, void *y) {
    float top = largest(n, x);
    double sum = exponentials(n, x, top, is_log ? NULL : y);
    if (is_log)
        scaled(n, x, 1, (float)-(top + log(sum)), y);
    else
        scaled(n, y, (float)(1 / sum), 0, y);
}

// With s the softmax: dx = s (dy - sum dy s), or of the logarithm dy - s sum dy.
static void softmax_grad_line(int is_log, int64_t n, const void *pdy, const void *py, void *pdx) {
    const elem *dy = pdy, *y = py;
    elem *dx = pdx;
    doubles sums = {0};
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        sums += widen(load(dy + i)) * (is_log ? (doubles){0} + 1 : widen(load(y + i)));
    double all = added(sums);
    for (int64_t k = i; k < n; k++) all += (double)get(dy[k]) * (is_log ? 1 : get(y[k]));
    float sum = (float)all;
    for (i = 0; i + lanes <= n; i += lanes) {
        floats d = load(dy + i), v = load(y + i);
        store(dx + i, is_log ? d - vexp(v) * sum : v * (d - sum));
    }
    if (i < n) {
        floats d = part(n - i, dy + i), v = part(n - i, y + i);
        store_part(n - i, dx + i, is_log ? d - vexp(v) * sum : v * (d - sum));
    }
}

static void mul_row_loop(int64_t n, int64_t period, const void *px, const float *b, void *py) {
    const elem *x = px;
    elem *y = py;
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) y[i + j] = put(get(x[i + j]) * b[j]);
    }
}

static void dot_loop(int64_t n, int64_t period, const void *pa, const void *pb, double *acc) {
    const elem *a = pa, *b = pb;
    for (int64_t i = 0; i < n; i += period) {
        int64_t m = n - i < period ? n - i : period;
        FLAT for (int64_t j = 0; j < m; j++) acc[j] += (double)get(a[i + j]) * get(b[i + j]);
    }
}

INLINE uint32_t mix32(uint32_t x) {
    x = (x ^ x >> 16) * 0x7feb352d;
    x = (x ^ x >> 15) * 0x846ca68b;
    return x ^ x >> 16;
}

static void dropout_loop(const ck_draw *d, int64_t first, int64_t n, const void *px, void *py) {
    const elem *x = px;
    elem *y = py;
    FLAT for (int64_t i = 0; i < n; i++) {
        uint32_t draw = mix32(mix32((uint32_t)(first + i) ^ d->low) ^ d->high);
        float v = get(x[i]) * d->scale;
        y[i] = put(draw >= d->threshold ? v : 0);
    }
}

static const functions function_loops = {
    function_loop,    function_grad_loop, softmax_line, softmax_grad_line, log_sum_exp_line,
    largest_line,     mul_row_loop,       dot_loop,     dropout_loop,
};
