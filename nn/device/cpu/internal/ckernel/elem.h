// The element type of the loops that include this: float32, or bfloat16 where
// BF16 is defined. Arithmetic is in float32 either way.
#ifndef CLVID_CKERNEL_ELEM_H
#define CLVID_CKERNEL_ELEM_H

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// Vectors of lanes channels, as loops over arrays are not always made into them.
enum { lanes = 16 };
typedef float floats __attribute__((vector_size(4 * lanes)));
typedef int32_t ints __attribute__((vector_size(4 * lanes)));

#ifdef BF16
typedef uint16_t elem;
typedef uint16_t halves __attribute__((vector_size(2 * lanes)));
typedef uint32_t words __attribute__((vector_size(4 * lanes)));

INLINE float get(elem v) {
    uint32_t u = (uint32_t)v << 16;
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

// put rounds to nearest, ties to even; NaN stays NaN.
INLINE elem put(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    uint32_t rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16;
    return (elem)((u & 0x7fffffff) > 0x7f800000 ? u >> 16 | 0x40 : rounded);
}

INLINE floats load(const elem *p) {
    halves h;
    memcpy(&h, p, sizeof h);
    return (floats)(__builtin_convertvector(h, words) << 16);
}

INLINE void store(elem *p, floats v) {
    words u = (words)v, nan = (words)(v != v);
    words rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16, quiet = u >> 16 | 0x40;
    halves h = __builtin_convertvector((rounded & ~nan) | (quiet & nan), halves);
    memcpy(p, &h, sizeof h);
}
#else
typedef float elem;

INLINE float get(elem v) { return v; }
INLINE elem put(float f) { return f; }

INLINE floats load(const elem *p) {
    floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(elem *p, floats v) { memcpy(p, &v, sizeof v); }
#endif

// part loads the last n < lanes elements, zeros behind them.
INLINE floats part(int64_t n, const elem *p) {
    elem v[lanes] = {0};
    memcpy(v, p, sizeof(elem) * (size_t)n);
    return load(v);
}

// store_part stores the first n < lanes of v.
INLINE void store_part(int64_t n, elem *p, floats v) {
    elem w[lanes];
    store(w, v);
    memcpy(p, w, sizeof(elem) * (size_t)n);
}

#endif
