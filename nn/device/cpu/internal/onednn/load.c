#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { kind_cpu = 1, runtime_threadpool = 8 };

static int need(api *a, const char *name, void *slot, char *reason, size_t room) {
    void *symbol = dlsym(a->library, name);
    if (!symbol) {
        snprintf(reason, room, "no symbol %s", name);
        return 1;
    }
    *(void **)slot = symbol;
    return 0;
}

#define NEED(field, name)                                     \
    if (need(a, name, &a->field, reason, room)) return 1

static int find_common(api *a, char *reason, size_t room) {
    NEED(engine_create, "dnnl_engine_create");
    NEED(engine_destroy, "dnnl_engine_destroy");
    NEED(stream_create, "dnnl_stream_create");
    NEED(stream_wait, "dnnl_stream_wait");
    NEED(stream_destroy, "dnnl_stream_destroy");
    NEED(attr_create, "dnnl_primitive_attr_create");
    NEED(attr_destroy, "dnnl_primitive_attr_destroy");
    NEED(attr_set_scratchpad_mode, "dnnl_primitive_attr_set_scratchpad_mode");
    NEED(memdesc_size, "dnnl_memory_desc_get_size");
    NEED(memdesc_equal, "dnnl_memory_desc_equal");
    NEED(memory_create, "dnnl_memory_create");
    NEED(memory_set, "dnnl_memory_set_data_handle");
    NEED(memory_destroy, "dnnl_memory_destroy");
    NEED(reorder_create, "dnnl_reorder_primitive_desc_create");
    NEED(pd_query_md, "dnnl_primitive_desc_query_md");
    NEED(pd_query, "dnnl_primitive_desc_query");
    NEED(pd_destroy, "dnnl_primitive_desc_destroy");
    NEED(primitive_create, "dnnl_primitive_create");
    NEED(primitive_execute, "dnnl_primitive_execute");
    NEED(primitive_destroy, "dnnl_primitive_destroy");
    NEED(sgemm, "dnnl_sgemm");
    return 0;
}

static int find_v2(api *a, char *reason, size_t room) {
    NEED(v2_md_tag, "dnnl_memory_desc_init_by_tag");
    NEED(v2_md_strides, "dnnl_memory_desc_init_by_strides");
    NEED(v2_conv_forward, "dnnl_dilated_convolution_forward_desc_init");
    NEED(v2_conv_data, "dnnl_dilated_convolution_backward_data_desc_init");
    NEED(v2_conv_weights, "dnnl_dilated_convolution_backward_weights_desc_init");
    NEED(v2_pd_create, "dnnl_primitive_desc_create");
    return 0;
}

static int find_v3(api *a, char *reason, size_t room) {
    NEED(v3_md_tag, "dnnl_memory_desc_create_with_tag");
    NEED(v3_md_strides, "dnnl_memory_desc_create_with_strides");
    NEED(v3_md_destroy, "dnnl_memory_desc_destroy");
    NEED(v3_conv_forward, "dnnl_convolution_forward_primitive_desc_create");
    NEED(v3_conv_data, "dnnl_convolution_backward_data_primitive_desc_create");
    NEED(v3_conv_weights, "dnnl_convolution_backward_weights_primitive_desc_create");
    return 0;
}

static int find_symbols(api *a, char *reason, size_t room) {
    NEED(get_version, "dnnl_version");
    a->version = *a->get_version();
    if (a->version.major != 2 && a->version.major != 3) {
        snprintf(reason, room, "version %d.%d, want 2.x or 3.x", a->version.major, a->version.minor);
        return 1;
    }
    if (a->version.cpu_runtime == runtime_threadpool) {
        snprintf(reason, room, "built for a thread pool of the caller's, want OpenMP");
        return 1;
    }
    // Found through the library's own dependencies, so that libgomp is loaded
    // with it and not before.
    a->omp_set_num_threads = (void (*)(int))dlsym(a->library, "omp_set_num_threads");
    *(void **)&a->gomp_parallel = dlsym(a->library, "GOMP_parallel");
    if (find_common(a, reason, room)) return 1;
    return a->version.major == 2 ? find_v2(a, reason, room) : find_v3(a, reason, room);
}

api *onednn_load(const char *path, int threads, char *reason, size_t room) {
    api *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->threads = threads;
    a->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!a->library) {
        snprintf(reason, room, "%s", dlerror());
        free(a);
        return NULL;
    }
    if (find_symbols(a, reason, room)) {
        onednn_unload(a);
        return NULL;
    }
    // Of the calling thread; later calls that need not be the library's, such as
    // matrix products of our own kernels, take the team as they find it.
    if (a->omp_set_num_threads) a->omp_set_num_threads(threads);
    int status = a->engine_create(&a->engine, kind_cpu, 0);
    if (!status) status = a->stream_create(&a->stream, a->engine, 1 /* default flags */);
    if (status) {
        snprintf(reason, room, "engine: status %d", status);
        onednn_unload(a);
        return NULL;
    }
    return a;
}

// The library itself stays mapped: OpenMP's threads may still be in it.
void onednn_unload(api *a) {
    if (a->stream) a->stream_destroy(a->stream);
    if (a->engine) a->engine_destroy(a->engine);
    free(a);
}

int onednn_has_openmp(const api *a) { return a->omp_set_num_threads && a->gomp_parallel; }

int onednn_is_loaded(const char *name) {
    void *h = dlopen(name, RTLD_NOLOAD | RTLD_LAZY);
    if (!h) return 0;
    dlclose(h);
    return 1;
}
