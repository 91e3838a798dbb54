#include "kernel.h"

#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#if defined(__x86_64__) && defined(__gnu_linux__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

// Vectors as GCC and clang have them: lowered to what an instruction set offers.
enum { lanes = 16 };
typedef uint8_t bytes __attribute__((vector_size(lanes)));
typedef int32_t whole __attribute__((vector_size(4 * lanes)));
typedef float many __attribute__((vector_size(4 * lanes)));
typedef float four __attribute__((vector_size(16)));

INLINE many load(const uint8_t *p) {
    bytes b;
    memcpy(&b, p, sizeof b);
    return __builtin_convertvector(__builtin_convertvector(b, whole), many);
}

// blend is the weighted sum of rows, down the columns: the order of one output's
// sum is that of the rows, however many columns go at once.
INLINE void blend(float *restrict line, const uint8_t *restrict src, ptrdiff_t stride, int reach,
                  const float *restrict w, int taps) {
    int i = 0;
    for (; i + 2 * lanes <= reach; i += 2 * lanes) {
        many a = {0}, b = {0};
        for (int k = 0; k < taps; k++) {
            const uint8_t *s = src + k * stride + i;
            a += w[k] * load(s);
            b += w[k] * load(s + lanes);
        }
        memcpy(line + i, &a, sizeof a);
        memcpy(line + i + lanes, &b, sizeof b);
    }
    for (; i < reach; i++) {
        float sum = 0;
        for (int k = 0; k < taps; k++) sum += w[k] * (float)src[k * stride + i];
        line[i] = sum;
    }
}

INLINE float dot(const float *restrict s, const float *restrict w, int taps) {
    if (taps % 4) {
        float sum = 0;
        for (int k = 0; k < taps; k++) sum += s[k] * w[k];
        return sum;
    }
    four sum = {0};
    for (int k = 0; k < taps; k += 4) {
        four a, b;
        memcpy(&a, s + k, sizeof a);
        memcpy(&b, w + k, sizeof b);
        sum += a * b;
    }
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

CLONES void clvid_resize(float *dst, const uint8_t *src, ptrdiff_t stride, float *line, int reach, int w, int x_taps,
                         const int32_t *x_first, const float *x_weights, int h, int y_taps, const int32_t *y_first,
                         const float *y_weights) {
    for (int row = 0; row < h; row++) {
        blend(line, src + y_first[row] * stride, stride, reach, y_weights + (ptrdiff_t)row * y_taps, y_taps);
        float *out = dst + (ptrdiff_t)row * w;
        for (int i = 0; i < w; i++) out[i] = dot(line + x_first[i], x_weights + (ptrdiff_t)i * x_taps, x_taps);
    }
}

INLINE float finish(const float *m, float y, float u, float v, float scale, float offset) {
    float c = (m[0] * y + m[1] * u) + (m[2] * v + m[3]);
    c = c < 0 ? 0 : c;
    c = c > 1 ? 1 : c;
    return c * scale + offset;
}

CLONES void clvid_colour(float *restrict r, float *restrict g, float *restrict b, const float *restrict y,
                         const float *restrict u, const float *restrict v, int n, const float *m, const float *scale,
                         const float *offset) {
    float k[12], s[3], o[3];
    memcpy(k, m, sizeof k);
    memcpy(s, scale, sizeof s);
    memcpy(o, offset, sizeof o);
    for (int i = 0; i < n; i++) {
        r[i] = finish(k, y[i], u[i], v[i], s[0], o[0]);
        g[i] = finish(k + 4, y[i], u[i], v[i], s[1], o[1]);
        b[i] = finish(k + 8, y[i], u[i], v[i], s[2], o[2]);
    }
}
