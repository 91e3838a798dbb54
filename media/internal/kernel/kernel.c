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
typedef float many __attribute__((vector_size(4 * lanes)));
typedef float four __attribute__((vector_size(16)));

// blend is the weighted sum of rows, down the columns, in the order of the rows;
// four rows at a time, so that the sums are moved less. Plain loops, as the
// compiler widens bytes better than vectors of them.
INLINE void blend(float *restrict line, const uint8_t *restrict src, ptrdiff_t stride, int reach,
                  const float *restrict w, int taps) {
    for (int i = 0; i < reach; i++) line[i] = 0;
    int k = 0;
    for (; k + 4 <= taps; k += 4) {
        const uint8_t *restrict a = src + k * stride, *restrict b = a + stride, *restrict c = b + stride, *restrict d = c + stride;
        float wa = w[k], wb = w[k + 1], wc = w[k + 2], wd = w[k + 3];
        for (int i = 0; i < reach; i++) line[i] = (((line[i] + wa * (float)a[i]) + wb * (float)b[i]) + wc * (float)c[i]) + wd * (float)d[i];
    }
    for (; k < taps; k++) {
        const uint8_t *restrict a = src + k * stride;
        float wa = w[k];
        for (int i = 0; i < reach; i++) line[i] += wa * (float)a[i];
    }
}

// turn lays rows, reach apart, side by side: column i of all rows is next to
// column i + 1 of all.
INLINE void turn(float *restrict columns, const float *restrict rows, int reach) {
    int i = 0;
    for (; i + 4 <= reach; i += 4)
        for (int r = 0; r < lanes; r += 4) {
            four a, b, c, d;
            memcpy(&a, rows + (ptrdiff_t)r * reach + i, sizeof a);
            memcpy(&b, rows + (ptrdiff_t)(r + 1) * reach + i, sizeof b);
            memcpy(&c, rows + (ptrdiff_t)(r + 2) * reach + i, sizeof c);
            memcpy(&d, rows + (ptrdiff_t)(r + 3) * reach + i, sizeof d);
            four ab = (four){a[0], b[0], a[1], b[1]}, AB = (four){a[2], b[2], a[3], b[3]};
            four cd = (four){c[0], d[0], c[1], d[1]}, CD = (four){c[2], d[2], c[3], d[3]};
            four out[4] = {{ab[0], ab[1], cd[0], cd[1]}, {ab[2], ab[3], cd[2], cd[3]}, {AB[0], AB[1], CD[0], CD[1]}, {AB[2], AB[3], CD[2], CD[3]}};
            for (int k = 0; k < 4; k++) memcpy(columns + (ptrdiff_t)(i + k) * lanes + r, &out[k], sizeof out[k]);
        }
    for (; i < reach; i++)
        for (int r = 0; r < lanes; r++) columns[(ptrdiff_t)i * lanes + r] = rows[(ptrdiff_t)r * reach + i];
}

// line holds 2 * lanes * reach values: rows of one batch, and their columns.
CLONES void clvid_resize(float *dst, const uint8_t *src, ptrdiff_t stride, float *line, int reach, int w, int x_taps,
                         const int32_t *x_first, const float *x_weights, int h, int y_taps, const int32_t *y_first,
                         const float *y_weights) {
    float *columns = line + (ptrdiff_t)lanes * reach;
    for (int row = 0; row < h; row += lanes) {
        int n = h - row < lanes ? h - row : lanes; // what lies in the other lanes is not looked at
        for (int r = 0; r < n; r++)
            blend(line + (ptrdiff_t)r * reach, src + y_first[row + r] * stride, stride, reach,
                  y_weights + (ptrdiff_t)(row + r) * y_taps, y_taps);
        turn(columns, line, reach);
        for (int i = 0; i < w; i++) {
            const float *at = columns + (ptrdiff_t)x_first[i] * lanes, *weight = x_weights + (ptrdiff_t)i * x_taps;
            many sum = {0};
            for (int k = 0; k < x_taps; k++) {
                many v;
                memcpy(&v, at + k * lanes, sizeof v);
                sum += weight[k] * v;
            }
            for (int r = 0; r < n; r++) dst[(ptrdiff_t)(row + r) * w + i] = sum[r];
        }
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
