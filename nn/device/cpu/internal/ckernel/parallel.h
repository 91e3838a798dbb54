#ifndef CLVID_CKERNEL_PARALLEL_H
#define CLVID_CKERNEL_PARALLEL_H

#include "ckernel.h"
#include "inner.h"

// ck_parallel calls f once for each chunk in [0, chunks), on any thread; worker,
// less than the team's threads, numbers the one that runs.
void ck_parallel(const ck_team *t, int64_t chunks, void (*f)(void *arg, int64_t chunk, int worker),
                 void *arg);

// ck_inner is the best table for this processor.
const inner *ck_inner(void);

// A tensor of rows cut into chunks. Parameters of the channels are repeated to
// `period` values, at least 256, and a chunk is a whole number of periods.
typedef struct {
    int64_t elements, channels, period, chunk, chunks;
} ck_cut;

ck_cut ck_cut_of(ck_rows r);
int64_t ck_cut_size(const ck_cut *c, int64_t i); // elements of chunk i
void ck_repeat(const ck_cut *c, float *values);  // values[0..channels) to values[0..period)

#endif
