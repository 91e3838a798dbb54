// Pictures at 16 bits and full size, and what they say of their brightness.
#ifndef CLVID_TONEMAP_H
#define CLVID_TONEMAP_H

#include "shim.h"

// What a context was made for.
typedef struct clvid_wide {
	struct SwsContext *sws;
	AVFrame *out;
	int width, height, format, full, site_x, site_y;
} clvid_wide;

// site_x and site_y are the place of the first chroma sample in 1/256 of a luma
// sample. The result is c->out: GBRP16, or YUV444P16 of the same range.
int clvid_widen(clvid_wide *c, const AVFrame *f, int full, int site_x, int site_y);
void clvid_wide_free(clvid_wide *c);

// The brightest that the picture's metadata announces, in cd/m2; 0 is unknown.
double clvid_peak(const AVFrame *f);

#endif
