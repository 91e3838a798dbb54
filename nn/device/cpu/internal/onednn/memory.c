#include "shim.h"

#include <stdlib.h>

enum { max_dims = 12 };

// Both generations read max_dims entries, or may: copies have them all.
static void widen(int64_t *to, const int64_t *from, int n) {
    for (int i = 0; i < max_dims; i++) to[i] = i < n ? from[i] : 0;
}

int onednn_md_tag(api *a, memdesc *m, int elem, int dims, const int64_t *shape, int tag) {
    int64_t s[max_dims];
    widen(s, shape, dims);
    if (a->version.major > 2) return a->v3_md_tag(m, dims, s, elem, tag);
    *m = calloc(1, memdesc_room);
    return *m ? a->v2_md_tag(*m, dims, s, elem, tag) : 1;
}

int onednn_md_strides(api *a, memdesc *m, int elem, int dims, const int64_t *shape,
                      const int64_t *strides) {
    int64_t s[max_dims], t[max_dims];
    widen(s, shape, dims);
    widen(t, strides, dims);
    if (a->version.major > 2) return a->v3_md_strides(m, dims, s, elem, t);
    *m = calloc(1, memdesc_room);
    return *m ? a->v2_md_strides(*m, dims, s, elem, t) : 1;
}

void onednn_md_free(api *a, memdesc m) {
    if (!m) return;
    if (a->version.major > 2)
        a->v3_md_destroy(m);
    else
        free(m);
}

// Tags are enumerators: their numbers moved between 2.x and 3.x, and may again,
// so whoever uses one probes it first.
int onednn_tag_blocks16(const api *a, int dims) {
    static const int v2[] = {47, 69, 112}, v3[] = {56, 78, 121};
    if (dims < 3 || dims > 5) return 0;
    return (a->version.major == 2 ? v2 : v3)[dims - 3];
}

int onednn_matmul(api *a, int transa, int transb, int64_t m, int64_t n, int64_t k, const float *x,
                  const float *y, float *z) {
    if (a->omp_set_num_threads) a->omp_set_num_threads(a->threads);
    return a->sgemm(transa ? 'T' : 'N', transb ? 'T' : 'N', m, n, k, 1, x, transa ? m : k, y,
                    transb ? k : n, 0, z, n);
}
