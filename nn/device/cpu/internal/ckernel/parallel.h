#ifndef CLVID_CKERNEL_PARALLEL_H
#define CLVID_CKERNEL_PARALLEL_H

#include "ckernel.h"
#include "inner.h"

// ck_parallel calls f once for each chunk in [0, chunks), on any thread; worker,
// less than the team's threads, numbers the one that runs.
void ck_parallel(const ck_team *t, int64_t chunks, void (*f)(void *arg, int64_t chunk, int worker),
                 void *arg);

// ck_inner is the best table for this processor and an element type.
const inner *ck_inner(int elem);

// A tensor cut into chunks. Parameters of a block's channels are repeated to
// `period` values, so that loops are long. Chunk i belongs to block i % blocks
// and holds a part of that block's units: pieces of one sample, `unit`
// elements or, at the end of a sample, fewer.
typedef struct {
    ck_rows rows;
    int64_t period, unit, pieces, parts, chunks;
} ck_cut;

ck_cut ck_cut_of(ck_rows r);

// ck_each calls f for each unit of chunk i in order: its first element and size.
void ck_each(const ck_cut *c, int64_t i, void (*f)(void *arg, int64_t at, int64_t n), void *arg);

// ck_repeat fills values[blocks][period] from those of the channels.
void ck_repeat(const ck_cut *c, const float *channels, float *values);

#endif
