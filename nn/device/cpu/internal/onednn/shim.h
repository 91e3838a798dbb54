// A small C interface over oneDNN 2.x and 3.x, loaded at run time. It declares
// its own prototypes, so that no headers are needed to build, and hides what
// the two generations do differently behind the names in `api`.
//
// Functions return 0, or a oneDNN status (1 out of memory, 2 invalid
// arguments, 3 unimplemented, ...).
#ifndef CLVID_ONEDNN_SHIM_H
#define CLVID_ONEDNN_SHIM_H

#include <stddef.h>
#include <stdint.h>

typedef void *handle; // engines, streams, memories, primitives: pointers to hidden structs

typedef struct {
    int arg;
    handle memory;
} exec_arg;

typedef struct {
    int major, minor, patch;
    const char *hash;
    unsigned cpu_runtime, gpu_runtime;
} version;

// A descriptor of memory: in 2.x a struct of ours to fill (696 bytes there; we
// leave room), in 3.x an object of the library.
typedef void *memdesc;

typedef struct {
    void *library;
    version version;
    int threads;
    handle engine, stream;

    void (*omp_set_num_threads)(int);
    void (*gomp_parallel)(void (*)(void *), void *, unsigned, unsigned);

    const version *(*get_version)(void);
    int (*engine_create)(handle *, int, size_t);
    int (*engine_destroy)(handle);
    int (*stream_create)(handle *, handle, unsigned);
    int (*stream_wait)(handle);
    int (*stream_destroy)(handle);
    int (*attr_create)(handle *);
    int (*attr_destroy)(handle);
    int (*attr_set_scratchpad_mode)(handle, int);
    size_t (*memdesc_size)(memdesc);
    int (*memdesc_equal)(memdesc, memdesc);
    int (*memory_create)(handle *, memdesc, handle, void *);
    int (*memory_set)(handle, void *);
    int (*memory_destroy)(handle);
    int (*reorder_create)(handle *, memdesc, handle, memdesc, handle, handle);
    memdesc (*pd_query_md)(handle, int, int);
    int (*pd_query)(handle, int, int, void *);
    int (*pd_destroy)(handle);
    int (*primitive_create)(handle *, handle);
    int (*primitive_execute)(handle, handle, int, const exec_arg *);
    int (*primitive_destroy)(handle);
    int (*sgemm)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t,
                 const float *, int64_t, float, float *, int64_t);

    // 2.x only.
    int (*v2_md_tag)(memdesc, int, const int64_t *, int, int);
    int (*v2_md_strides)(memdesc, int, const int64_t *, int, const int64_t *);
    int (*v2_conv_forward)(void *, int, int, memdesc, memdesc, memdesc, memdesc, const int64_t *,
                           const int64_t *, const int64_t *, const int64_t *);
    int (*v2_conv_data)(void *, int, memdesc, memdesc, memdesc, const int64_t *, const int64_t *,
                        const int64_t *, const int64_t *);
    int (*v2_conv_weights)(void *, int, memdesc, memdesc, memdesc, memdesc, const int64_t *,
                           const int64_t *, const int64_t *, const int64_t *);
    int (*v2_pd_create)(handle *, const void *, handle, handle, handle);

    // 3.x only.
    int (*v3_md_tag)(memdesc *, int, const int64_t *, int, int);
    int (*v3_md_strides)(memdesc *, int, const int64_t *, int, const int64_t *);
    int (*v3_md_destroy)(memdesc);
    int (*v3_conv_forward)(handle *, handle, int, int, memdesc, memdesc, memdesc, memdesc,
                           const int64_t *, const int64_t *, const int64_t *, const int64_t *,
                           handle);
    int (*v3_conv_data)(handle *, handle, int, memdesc, memdesc, memdesc, const int64_t *,
                        const int64_t *, const int64_t *, const int64_t *, handle, handle);
    int (*v3_conv_weights)(handle *, handle, int, memdesc, memdesc, memdesc, memdesc,
                           const int64_t *, const int64_t *, const int64_t *, const int64_t *,
                           handle, handle);
} api;

enum { layout_plain, layout_channels_last, layout_blocks16 };
enum { conv_forward, conv_grad_input, conv_grad_weight };
enum { elem_bf16 = 2, elem_f32 = 3 }; // element types, by the library's numbers

// conv_desc is a convolution with `spatial` axes (1 to 3); the arrays hold one
// entry an axis. Dilation 1 is dense.
typedef struct {
    int direction, spatial, in_layout, out_layout;
    int elem; // of the activations and their gradients; weights are float32
    int64_t groups, n, c, k;
    int64_t in[3], kernel[3], out[3], stride[3], pad[3], dilation[3];
} conv_desc;

typedef struct conv conv;

// Room for the largest descriptor of 2.x: a memory descriptor has 696 bytes, a
// convolution's 5,976.
enum { memdesc_room = 2048, opdesc_room = 16384 };

// onednn_load opens the library at path; on failure it writes a reason.
api *onednn_load(const char *path, int threads, char *reason, size_t room);
void onednn_unload(api *a);
int onednn_has_openmp(const api *a);

// Lets the calling thread run wherever libgomp, if it is loaded, may place its
// threads; 0 where it has bound nothing.
int onednn_unbind(void);

// onednn_is_loaded tells whether a library of that name is in this process.
int onednn_is_loaded(const char *name);

int onednn_md_tag(api *a, memdesc *m, int elem, int dims, const int64_t *shape, int tag);
int onednn_md_strides(api *a, memdesc *m, int elem, int dims, const int64_t *shape,
                      const int64_t *strides);
void onednn_md_free(api *a, memdesc m);
int onednn_tag_blocks16(const api *a, int dims);

// A convolution. `weights` is plain; src, weights and dst are the operands or
// their gradients, whichever the direction writes.
int onednn_conv_create(api *a, const conv_desc *d, conv **out);
int onednn_conv_run(conv *c, void *src, void *weights, void *dst, void *scratch);
int64_t onednn_conv_scratch(const conv *c);
const char *onednn_conv_name(const conv *c);
void onednn_conv_destroy(conv *c);

// Row-major c (m,n) = a·b, where a (m,k) and b (k,n) may be stored transposed.
int onednn_matmul(api *a, int transa, int transb, int64_t m, int64_t n, int64_t k, const float *x,
                  const float *y, float *z);

// Copies plain (1,c,s) to blocks of 16 channels, to learn whether the tag is right.
int onednn_probe_blocks16(api *a, int dims, const int64_t *shape, float *src, float *dst);

#endif
