// The loops of similarity.h. Include after defining LOOPS, the table's name,
// under the wanted target options.
#include "similarity.h"
#include "vector_math.h"

#include <math.h>

// load_some fills up with `otherwise`.
INLINE floats load_some(const float *p, int64_t n, float otherwise) {
    floats v = (floats){0} + otherwise;
    memcpy(&v, p, sizeof(float) * (size_t)n);
    return v;
}

INLINE float sum_of(floats v) {
    float s[lanes], total = 0;
    memcpy(s, &v, sizeof s);
    for (int i = 0; i < lanes; i++) total += s[i];
    return total;
}

// largest is NaN where a score is.
INLINE float largest(int64_t n, const float *x) {
    floats best = (floats){0} - INFINITY;
    for (int64_t i = 0; i < n; i += lanes) {
        floats v = i + lanes <= n ? load(x + i) : load_some(x + i, n - i, -INFINITY);
        best = pick((v > best) | (v != v), v, best);
    }
    float top = best[0];
    for (int i = 1; i < lanes; i++)
        if (best[i] > top || best[i] != best[i]) top = best[i];
    return top;
}

static void add(int64_t n, const float *x, ck_logsum *l) {
    float top = largest(n, x);
    if (top != top) l->largest = l->sum = top;
    if (top == -INFINITY) return; // nobody is a candidate
    if (top > l->largest) {
        l->sum *= exp(l->largest - top);
        l->largest = top;
    }
    floats shift = (floats){0} + (float)l->largest, sum = {0};
    for (int64_t i = 0; i < n; i += lanes)
        sum += vexp_below((i + lanes <= n ? load(x + i) : load_some(x + i, n - i, -INFINITY)) - shift);
    l->sum += sum_of(sum);
}

static void shares(int64_t n, const float *x, float weight, float logsum, const float *column_weights,
                   const float *column_logsums, float *y) {
    for (int64_t i = 0; i < n; i += lanes) {
        int64_t some = n - i < lanes ? n - i : lanes;
        floats v = some == lanes ? load(x + i) : load_some(x + i, some, -INFINITY);
        floats g = weight * vexp_below(v - logsum);
        if (column_weights) {
            floats w = some == lanes ? load(column_weights + i) : load_some(column_weights + i, some, 0);
            floats s = some == lanes ? load(column_logsums + i) : load_some(column_logsums + i, some, 0);
            g += w * vexp_below(v - s);
        }
        if (some == lanes) store(y + i, g);
        else memcpy(y + i, &g, sizeof(float) * (size_t)some);
    }
}

static void accumulate(int64_t n, const float *x, float *sum) {
    for (int64_t i = 0; i < n; i++) sum[i] += x[i];
}

static double dot(int64_t n, const float *x, const float *y) {
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += (double)x[i] * (double)y[i];
    return s;
}

const similarity_loops LOOPS = {add, shares, accumulate, dot};
