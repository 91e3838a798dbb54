#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <sched.h>

// Where OMP_PROC_BIND or a list of places is set, libgomp binds the thread that
// loads it to one processor, and Go, which counts those it may use, sees one.
// libgomp still knows the places that it found or was given.
int onednn_unbind(void) {
    void *omp = dlopen("libgomp.so.1", RTLD_NOLOAD | RTLD_NOW);
    if (!omp) return 0;
    int (*places)(void) = (int (*)(void))dlsym(omp, "omp_get_num_places");
    int (*size)(int) = (int (*)(int))dlsym(omp, "omp_get_place_num_procs");
    void (*ids)(int, int *) = (void (*)(int, int *))dlsym(omp, "omp_get_place_proc_ids");
    cpu_set_t set;
    CPU_ZERO(&set);
    int known = 0;
    if (places && size && ids)
        for (int p = 0; p < places(); p++) {
            int n = size(p), found[CPU_SETSIZE];
            if (n > CPU_SETSIZE) continue;
            ids(p, found);
            for (int i = 0; i < n; i++)
                if (found[i] >= 0 && found[i] < CPU_SETSIZE) {
                    CPU_SET(found[i], &set);
                    known++;
                }
        }
    dlclose(omp);
    return known && sched_setaffinity(0, sizeof set, &set) == 0;
}
