// The C side of package kernel; see kernel.go for what the functions do.
#ifndef CLVID_KERNEL_H
#define CLVID_KERNEL_H

#include <stddef.h>
#include <stdint.h>

void clvid_resize(float *dst, const uint8_t *src, ptrdiff_t stride, float *line, int reach, int w, int x_taps,
                  const int32_t *x_first, const float *x_weights, int h, int y_taps, const int32_t *y_first,
                  const float *y_weights);
void clvid_colour(float *r, float *g, float *b, const float *y, const float *u, const float *v, int n, const float *m,
                  const float *scale, const float *offset);

#endif
