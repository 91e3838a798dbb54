#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Enumerators that are the same in 2.x and 3.x.
enum {
    prop_forward_training = 64,
    algorithm_direct = 1,
    tag_any = 1,
    scratchpad_user = 1,
    query_impl = 8,
    query_src = 129,
    query_diff_src = 130,
    query_weights = 131,
    query_diff_weights = 132,
    query_scratchpad = 136,
    arg_src = 1,
    arg_from = 1,
    arg_dst = 17,
    arg_to = 17,
    arg_weights = 33,
    arg_scratchpad = 80,
    arg_diff_src = 129,
    arg_diff_dst = 145,
    arg_diff_weights = 161,
};

struct conv {
    api *a;
    int direction;
    memdesc src, weights, dst, any, hinted; // ours: operands as the caller keeps them
    handle hint, pd, primitive;     // the hint is a forward descriptor
    handle reorder_pd, reorder;     // of the weights; NULL where plain ones will do
    handle m_src, m_weights, m_dst, m_scratch; // m_weights: as the primitive wants them
    handle m_plain, m_reorder_scratch;
    int64_t weights_bytes, scratch_bytes, reorder_bytes; // rounded up to 64
    char name[64];
};

static int64_t round64(size_t n) { return (int64_t)((n + 63) / 64 * 64); }

// dense fills row-major strides, channels innermost where last is set.
static void dense(int64_t *strides, const int64_t *shape, int dims, int last) {
    int64_t step = last ? shape[1] : 1;
    for (int i = dims - 1; i >= 2; i--) strides[i] = step, step *= shape[i];
    strides[1] = last ? 1 : step;
    strides[0] = last ? step : step * shape[1];
}

static int activation(api *a, memdesc *m, const conv_desc *d, int64_t channels, const int64_t *size,
                      int layout) {
    int64_t shape[5] = {d->n, channels}, strides[5];
    int dims = 2 + d->spatial;
    memcpy(shape + 2, size, sizeof(int64_t) * d->spatial);
    if (layout == layout_blocks16)
        return onednn_md_tag(a, m, d->elem, dims, shape, onednn_tag_blocks16(a, dims));
    dense(strides, shape, dims, layout == layout_channels_last);
    return onednn_md_strides(a, m, d->elem, dims, shape, strides);
}

static int weights(conv *c, const conv_desc *d) {
    int64_t shape[6], strides[6];
    int dims = 0;
    if (d->groups > 1) shape[dims++] = d->groups;
    shape[dims++] = d->k / d->groups;
    shape[dims++] = d->c / d->groups;
    for (int i = 0; i < d->spatial; i++) shape[dims++] = d->kernel[i];
    int64_t step = 1;
    for (int i = dims - 1; i >= 0; i--) strides[i] = step, step *= shape[i];
    // Gradients of weights are summed up, and left, in float32.
    int own = d->direction == conv_grad_weight ? elem_f32 : d->elem;
    int status = onednn_md_strides(c->a, &c->weights, elem_f32, dims, shape, strides);
    if (!status) status = onednn_md_tag(c->a, &c->any, own, dims, shape, tag_any);
    // Forward hints of a gradient of weights describe weights of the activations' type.
    return status ? status : onednn_md_tag(c->a, &c->hinted, d->elem, dims, shape, tag_any);
}

typedef struct {
    int64_t stride[12], dilation[12], pad[12];
} window;

static window window_of(const conv_desc *d) {
    window w = {{0}, {0}, {0}};
    for (int i = 0; i < d->spatial; i++) {
        w.stride[i] = d->stride[i];
        w.dilation[i] = d->dilation[i] - 1; // oneDNN counts the gaps
        w.pad[i] = d->pad[i];
    }
    return w;
}

static int describe_v2(conv *c, const window *w, handle attr) {
    api *a = c->a;
    void *op = calloc(1, opdesc_room);
    if (!op) return 1;
    int status = a->v2_conv_forward(op, prop_forward_training, algorithm_direct, c->src, c->hinted,
                                    NULL, c->dst, w->stride, w->dilation, w->pad, w->pad);
    handle *forward = c->direction == conv_forward ? &c->pd : &c->hint;
    if (!status) status = a->v2_pd_create(forward, op, attr, a->engine, NULL);
    if (!status && c->direction == conv_grad_input)
        status = a->v2_conv_data(op, algorithm_direct, c->src, c->any, c->dst, w->stride,
                                 w->dilation, w->pad, w->pad);
    if (!status && c->direction == conv_grad_weight)
        status = a->v2_conv_weights(op, algorithm_direct, c->src, c->any, NULL, c->dst, w->stride,
                                    w->dilation, w->pad, w->pad);
    if (!status && c->direction != conv_forward)
        status = a->v2_pd_create(&c->pd, op, attr, a->engine, c->hint);
    free(op);
    return status;
}

static int describe_v3(conv *c, const window *w, handle attr) {
    api *a = c->a;
    handle *forward = c->direction == conv_forward ? &c->pd : &c->hint;
    int status = a->v3_conv_forward(forward, a->engine, prop_forward_training, algorithm_direct,
                                    c->src, c->hinted, NULL, c->dst, w->stride, w->dilation, w->pad,
                                    w->pad, attr);
    if (!status && c->direction == conv_grad_input)
        status = a->v3_conv_data(&c->pd, a->engine, algorithm_direct, c->src, c->any, c->dst,
                                 w->stride, w->dilation, w->pad, w->pad, c->hint, attr);
    if (!status && c->direction == conv_grad_weight)
        status = a->v3_conv_weights(&c->pd, a->engine, algorithm_direct, c->src, c->any, NULL,
                                    c->dst, w->stride, w->dilation, w->pad, w->pad, c->hint, attr);
    return status;
}

// memory creates a memory whose address is given before each run.
static int memory(conv *c, handle *m, memdesc d) {
    return c->a->memory_create(m, d, c->a->engine, NULL);
}

static int scratchpad(conv *c, handle pd, handle *m, int64_t *bytes) {
    memdesc d = c->a->pd_query_md(pd, query_scratchpad, 0);
    size_t size = d ? c->a->memdesc_size(d) : 0;
    *bytes = round64(size);
    return size ? memory(c, m, d) : 0;
}

// weight_reorder lets the primitive keep weights its own way: they are copied
// before it (or after it, where it computes their gradient).
static int weight_reorder(conv *c, handle attr) {
    api *a = c->a;
    int back = c->direction == conv_grad_weight;
    memdesc own = a->pd_query_md(c->pd, back ? query_diff_weights : query_weights, 0);
    int status = memory(c, &c->m_weights, own);
    if (status || a->memdesc_equal(own, c->weights)) return status;
    c->weights_bytes = round64(a->memdesc_size(own));
    memdesc from = back ? own : c->weights, to = back ? c->weights : own;
    status = a->reorder_create(&c->reorder_pd, from, a->engine, to, a->engine, attr);
    if (!status) status = a->primitive_create(&c->reorder, c->reorder_pd);
    if (!status) status = memory(c, &c->m_plain, c->weights);
    if (!status) status = scratchpad(c, c->reorder_pd, &c->m_reorder_scratch, &c->reorder_bytes);
    return status;
}

static int build(conv *c, const conv_desc *d, handle attr) {
    api *a = c->a;
    window w = window_of(d);
    int status = activation(a, &c->src, d, d->c, d->in, d->in_layout);
    if (!status) status = activation(a, &c->dst, d, d->k, d->out, d->out_layout);
    if (!status) status = weights(c, d);
    if (!status) status = a->version.major == 2 ? describe_v2(c, &w, attr) : describe_v3(c, &w, attr);
    if (!status) status = a->primitive_create(&c->primitive, c->pd);
    if (!status) status = memory(c, &c->m_src, c->src);
    if (!status) status = memory(c, &c->m_dst, c->dst);
    if (!status) status = weight_reorder(c, attr);
    if (!status) status = scratchpad(c, c->pd, &c->m_scratch, &c->scratch_bytes);
    return status;
}

int onednn_conv_create(api *a, const conv_desc *d, conv **out) {
    conv *c = calloc(1, sizeof *c);
    if (!c) return 1;
    c->a = a;
    c->direction = d->direction;
    // Primitives are cut for the number of threads at their creation.
    if (a->omp_set_num_threads) a->omp_set_num_threads(a->threads);
    handle attr = NULL;
    int status = a->attr_create(&attr);
    if (!status) status = a->attr_set_scratchpad_mode(attr, scratchpad_user);
    if (!status) status = build(c, d, attr);
    if (attr) a->attr_destroy(attr);
    const char *name = NULL;
    if (!status && !a->pd_query(c->pd, query_impl, 0, &name) && name)
        snprintf(c->name, sizeof c->name, "%s", name);
    if (status) {
        onednn_conv_destroy(c);
        return status;
    }
    *out = c;
    return 0;
}

static int run_reorder(conv *c, handle from, handle to, void *scratch) {
    exec_arg args[3] = {{arg_from, from}, {arg_to, to}, {arg_scratchpad, c->m_reorder_scratch}};
    if (c->m_reorder_scratch) {
        int status = c->a->memory_set(c->m_reorder_scratch, scratch);
        if (status) return status;
    }
    return c->a->primitive_execute(c->reorder, c->a->stream, c->m_reorder_scratch ? 3 : 2, args);
}

static int run_primitive(conv *c) {
    exec_arg args[4] = {
        {c->direction == conv_grad_input ? arg_diff_src : arg_src, c->m_src},
        {c->direction == conv_grad_weight ? arg_diff_weights : arg_weights, c->m_weights},
        {c->direction == conv_forward ? arg_dst : arg_diff_dst, c->m_dst},
        {arg_scratchpad, c->m_scratch},
    };
    return c->a->primitive_execute(c->primitive, c->a->stream, c->m_scratch ? 4 : 3, args);
}

int onednn_conv_run(conv *c, void *src, void *plain, void *dst, void *scratch) {
    api *a = c->a;
    char *own = scratch, *working = own + c->weights_bytes, *moving = working + c->scratch_bytes;
    if (a->omp_set_num_threads) a->omp_set_num_threads(a->threads);
    int status = a->memory_set(c->m_src, src);
    if (!status) status = a->memory_set(c->m_dst, dst);
    if (!status) status = a->memory_set(c->m_weights, c->reorder ? own : plain);
    if (!status && c->m_scratch) status = a->memory_set(c->m_scratch, working);
    if (!status && c->reorder) status = a->memory_set(c->m_plain, plain);
    if (!status && c->reorder && c->direction != conv_grad_weight)
        status = run_reorder(c, c->m_plain, c->m_weights, moving);
    if (!status) status = run_primitive(c);
    if (!status && c->reorder && c->direction == conv_grad_weight)
        status = run_reorder(c, c->m_weights, c->m_plain, moving);
    return status ? status : a->stream_wait(a->stream);
}

int64_t onednn_conv_scratch(const conv *c) {
    return c->weights_bytes + c->scratch_bytes + c->reorder_bytes;
}

const char *onednn_conv_name(const conv *c) { return c->name; }

void onednn_conv_destroy(conv *c) {
    api *a = c->a;
    handle memories[] = {c->m_src, c->m_weights, c->m_dst, c->m_scratch, c->m_plain, c->m_reorder_scratch};
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++)
        if (memories[i]) a->memory_destroy(memories[i]);
    if (c->primitive) a->primitive_destroy(c->primitive);
    if (c->reorder) a->primitive_destroy(c->reorder);
    if (c->pd) a->pd_destroy(c->pd);
    if (c->hint) a->pd_destroy(c->hint);
    if (c->reorder_pd) a->pd_destroy(c->reorder_pd);
    onednn_md_free(a, c->src);
    onednn_md_free(a, c->dst);
    onednn_md_free(a, c->weights);
    onednn_md_free(a, c->any);
    onednn_md_free(a, c->hinted);
    free(c);
}

// A reorder of a tiny tensor shows whether a tag number means what we think.
int onednn_probe_blocks16(api *a, int dims, const int64_t *shape, float *src, float *dst) {
    memdesc plain = NULL, blocks = NULL;
    handle pd = NULL, p = NULL, from = NULL, to = NULL;
    int64_t strides[5];
    dense(strides, shape, dims, 0);
    int status = onednn_md_strides(a, &plain, elem_f32, dims, shape, strides);
    if (!status) status = onednn_md_tag(a, &blocks, elem_f32, dims, shape, onednn_tag_blocks16(a, dims));
    size_t want = sizeof(float);
    for (int i = 0; i < dims; i++) want *= (size_t)shape[i];
    if (!status && a->memdesc_size(blocks) != want) status = 2;
    if (!status) status = a->reorder_create(&pd, plain, a->engine, blocks, a->engine, NULL);
    if (!status) status = a->primitive_create(&p, pd);
    if (!status) status = a->memory_create(&from, plain, a->engine, src);
    if (!status) status = a->memory_create(&to, blocks, a->engine, dst);
    exec_arg args[2] = {{arg_from, from}, {arg_to, to}};
    if (!status) status = a->primitive_execute(p, a->stream, 2, args);
    if (!status) status = a->stream_wait(a->stream);
    if (from) a->memory_destroy(from);
    if (to) a->memory_destroy(to);
    if (p) a->primitive_destroy(p);
    if (pd) a->pd_destroy(pd);
    onednn_md_free(a, plain);
    onednn_md_free(a, blocks);
    return status;
}
