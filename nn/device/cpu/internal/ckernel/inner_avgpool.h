// Average pooling, included by inner_body.h.

// counted is the number of places along an axis that the mean of output o is
// taken over.
INLINE int64_t counted(const ck_pool *p, int axis, int64_t o) {
    range r = window(p, axis, o);
    if (!p->count_pad) return r.to - r.from;
    int64_t a = o * p->stride[axis] - p->pad[axis], b = a + p->kernel[axis];
    int64_t end = p->in[axis] + p->pad_end[axis];
    return (b > end ? end : b) - a;
}

static void avg_pool(const ck_pool *p, int64_t sample, int64_t depth, const void *px, void *py) {
    int64_t C = p->channels, in = p->in[0] * p->in[1] * p->in[2], out = p->out[1] * p->out[2];
    const elem *x = (const elem *)px + sample * in * C;
    elem *y = (elem *)py + (sample * p->out[0] + depth) * out * C;
    range d = window(p, 0, depth);
    for (int64_t k = 0; k < p->out[1]; k++)
        for (int64_t l = 0; l < p->out[2]; l++, y += C) {
            range h = window(p, 1, k), v = window(p, 2, l);
            float share = 1 / (float)(counted(p, 0, depth) * counted(p, 1, k) * counted(p, 2, l));
#define PLACES                                       \
    for (int64_t i = d.from; i < d.to; i++)          \
        for (int64_t a = h.from; a < h.to; a++)      \
            for (int64_t b = v.from; b < v.to; b++)
#define AT (((i * p->in[1] + a) * p->in[2] + b) * C + c)
            int64_t c = 0;
            for (; c + lanes <= C; c += lanes) {
                floats sum = {0};
                PLACES sum += load(x + AT);
                store(y + c, sum * share);
            }
            for (; c < C; c++) {
                float sum = 0;
                PLACES sum += get(x[AT]);
                y[c] = put(sum * share);
            }
#undef AT
#undef PLACES
        }
}

// One depth of the input gathers from every window that holds it.
static void avg_pool_grad(const ck_pool *p, int64_t sample, int64_t depth, const void *pdy, void *pdx) {
    int64_t C = p->channels, out = p->out[0] * p->out[1] * p->out[2], plane = p->in[1] * p->in[2];
    const elem *dy = (const elem *)pdy + sample * out * C;
    elem *dx = (elem *)pdx + (sample * p->in[0] + depth) * plane * C;
    range d = reaching(p, 0, depth);
    for (int64_t k = 0; k < p->in[1]; k++)
        for (int64_t l = 0; l < p->in[2]; l++, dx += C) {
            range h = reaching(p, 1, k), v = reaching(p, 2, l);
#define WINDOWS                                      \
    for (int64_t i = d.from; i < d.to; i++)          \
        for (int64_t a = h.from; a < h.to; a++)      \
            for (int64_t b = v.from; b < v.to; b++)
#define AT (((i * p->out[1] + a) * p->out[2] + b) * C + c)
#define SHARE (float)(counted(p, 0, i) * counted(p, 1, a) * counted(p, 2, b))
            int64_t c = 0;
            for (; c + lanes <= C; c += lanes) {
                floats sum = {0};
                WINDOWS sum += load(dy + AT) / SHARE;
                store(dx + c, sum);
            }
            for (; c < C; c++) {
                float sum = 0;
                WINDOWS sum += get(dy[AT]) / SHARE;
                dx[c] = put(sum);
            }
#undef SHARE
#undef AT
#undef WINDOWS
        }
}
