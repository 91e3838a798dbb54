// Functions of vectors of floats, without branches. Coefficients are minimax
// fits (Lawson's iteration in double precision); the errors stated are those of
// the functions in float32, which tests hold them to.
#ifndef CLVID_CKERNEL_VECTOR_MATH_H
#define CLVID_CKERNEL_VECTOR_MATH_H

#include "elem.h"

// pick is a where mask is set (all ones), else b.
INLINE floats pick(ints mask, floats a, floats b) {
    return (floats)((mask & (ints)a) | (~mask & (ints)b));
}

INLINE floats magnitude(floats x) { return (floats)((ints)x & 0x7fffffff); }

INLINE floats with_sign_of(floats x, floats s) {
    return (floats)(((ints)x & 0x7fffffff) | ((ints)s & (int32_t)0x80000000));
}

// e^r for |r| up to ln(2)/2 and a little more.
INLINE floats exp_of_rest(floats r) {
    floats p = 0.00138146092f * r + 0.00836871125f;
    p = p * r + 0.0416683875f;
    p = p * r + 0.166665207f;
    p = p * r + 0.499999935f;
    return p * (r * r) + r + 1;
}

static const float to_whole = 12582912; // 1.5*2^23: adding it rounds to whole numbers

// x - n ln 2, with ln 2 in two parts.
INLINE floats without_powers(floats x, floats n) { return (x - n * 0.693359375f) + n * 2.12194440e-4f; }

// e^x for x up to 88, relative error at most 1e-7; 0 below -87.3. NaN stays.
INLINE floats vexp_below(floats x) {
    const ints small = x < -87.3f;
    floats y = pick(small, (floats){0} - 87.3f, x);
    floats shifted = y * 1.44269504f + to_whole;
    floats p = exp_of_rest(without_powers(y, shifted - to_whole));
    // The low bits of shifted are n, down to -126.
    floats power = (floats)(((ints)shifted - (0x4b400000 - 127)) << 23);
    return (floats)(~small & (ints)(p * power));
}

// e^x, relative error at most 1e-7 where the result is a normal number; smaller
// ones are 0 and larger ones infinite. NaN stays.
INLINE floats vexp(floats x) {
    const ints small = x < -87.33654f;
    floats y = pick(x > 88.8f, (floats){0} + 88.8f, pick(small, (floats){0} - 87.33654f, x));
    floats shifted = y * 1.44269504f + to_whole;
    floats p = exp_of_rest(without_powers(y, shifted - to_whole));
    // 2^n in two factors, as 2^128 is no float.
    ints n = (ints)shifted - 0x4b400000, half = n >> 1;
    p = p * (floats)((half + 127) << 23) * (floats)((n - half + 127) << 23);
    return (floats)(~small & (ints)p);
}

// 1/(1+e^-x), relative error at most 2e-7 for x above -87.
INLINE floats vsigmoid(floats x) { return 1 / (1 + vexp(-x)); }

// tanh x, relative error at most 2e-7.
INLINE floats vtanh(floats x) {
    floats a = magnitude(x), u = x * x;
    floats p = -0.00570498894f * u + 0.0206390892f;
    p = p * u - 0.0537397158f;
    p = p * u + 0.133314422f;
    p = p * u - 0.333332819f;
    floats small = x + x * u * p, large = 1 - 2 / (vexp(2 * a) + 1);
    return pick(a < 0.625f, small, with_sign_of(large, x));
}

// ln(1+x) for x in [0,1], relative error at most 3e-7.
INLINE floats vlog1p(floats x) {
    floats s = x / (2 + x), u = s * s;
    floats p = 0.280119723f * u + 0.280018084f;
    p = p * u + 0.40021527f;
    p = p * u + 0.666664163f;
    return s * (2 + u * p);
}

// What GELU and its slope need: bell is e^(-x^2/2), phi the standard normal
// distribution at x, absolute error at most 1.5e-7. Below 0 it is the bell
// times a polynomial of 1/(1+c|x|), so that the tail does not cancel.
typedef struct {
    floats bell, phi;
} bell_curve;

INLINE bell_curve vnormal(floats x) {
    floats t = 1 / (1 + 0.265165043f * magnitude(x)); // 0.375/sqrt(2)
    floats p = 0.0616967825f * t - 0.288076199f;
    p = p * t + 0.433895476f;
    p = p * t - 0.231078366f;
    p = p * t + 0.27484546f;
    p = p * t + 0.121038397f;
    p = p * t + 0.205430565f;
    p = p * t + 0.21063348f;
    p = p * t + 0.211614416f;
    floats bell = vexp_below(-0.5f * x * x), tail = 0.5f * bell * t * p;
    return (bell_curve){bell, pick(x < 0, tail, 1 - tail)};
}

#endif
